#include "catch.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

struct TierInNoNamespace : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

namespace {

using namespace std::chrono_literals;

struct Cards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
struct Named : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  static constexpr std::string_view name = "the named one";
};
struct NamedPlainly : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  static constexpr const char* name = "plain";
};
class Application {
 public:
  struct Boards : tiercache::Tier<int, int> {
    static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  };
};
template <class T>
struct Pages : tiercache::Tier<int, T> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
struct NamedByAnArray : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  static constexpr char name[] = "array";
};
struct Final final : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  static constexpr std::string_view name = "the final one";
};

template <class T>
std::string name_of() {
  const tiercache::LocalTieredCache<T> cache;
  return std::string(cache.template stats<T>().name);
}

}  // namespace

TEST_CASE("A tier is called what its type is called, without what encloses it") {
  CHECK(name_of<Cards>() == "Cards");
  CHECK(name_of<TierInNoNamespace>() == "TierInNoNamespace");
  CHECK(name_of<Application::Boards>() == "Boards");
}

TEST_CASE("A template's arguments are part of its name") {
  CHECK(name_of<Pages<int>>() == "Pages<int>");
  CHECK(name_of<Pages<std::pair<int, long>>>().find("Pages<std::pair<int, long") == 0);
  // As the compiler writes it; but it begins where the tier's own name begins.
  CHECK(name_of<Pages<Application>>().find("Pages<") == 0);
}

TEST_CASE("A tier may give itself a name") {
  CHECK(name_of<Named>() == "the named one");
  CHECK(name_of<NamedPlainly>() == "plain");
  CHECK(name_of<NamedByAnArray>() == "array");
  CHECK(name_of<Final>() == "the final one");
}
