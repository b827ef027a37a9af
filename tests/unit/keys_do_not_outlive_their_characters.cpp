#include "ask.hpp"
#include "catch.hpp"
#include "manual_time.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using support::Running;
using tiercache::ManualClock;

// AddressSanitizer sees a view of what is gone; without it, the small string optimisation must not hide it.
constexpr char text[] = "a key that is too long for the small string optimisation";

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};

// Owns its characters, and converts to a view of them.
class Label {
 public:
  explicit Label(std::string_view its_text) : text_(std::make_unique<std::string>(its_text)) {}
  operator std::string_view() const { return *text_; }

 private:
  std::unique_ptr<std::string> text_;
};

// The same, and cannot be moved.
struct Fixed {
  explicit Fixed(std::string_view its_text) : text(its_text) {}
  Fixed(const Fixed&) = delete;
  Fixed& operator=(const Fixed&) = delete;
  operator std::string_view() const { return text; }
  std::string text;
};

std::string itself(const std::string& key) {
  return key;
}

}  // namespace

// A lookup kept a view of every temporary that converts to one, and looked it up when the temporary was gone.
TEST_CASE("A lookup keeps a temporary key that owns its characters") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  SECTION("a string of another kind") {
    auto lookup = cache.get_or_fetch<Cards>(std::pmr::string(text), itself);
    CHECK(lookup.get() == text);
  }
  SECTION("an object that converts to a view") {
    auto lookup = cache.get_or_fetch<Cards>(Label(text), itself);
    CHECK(lookup.get() == text);
  }
  SECTION("an object that converts to a view and cannot be moved") {
    auto lookup = cache.get_or_fetch<Cards>(Fixed(text), itself);
    CHECK(lookup.get() == text);
  }
  SECTION("an array that is moved from") {
    const auto make = [&cache] {
      char copy[sizeof(text)];
      std::copy(std::begin(text), std::end(text), copy);
      return cache.get_or_fetch<Cards>(std::move(copy), itself);  // NOLINT(performance-move-const-arg)
    };
    CHECK(make().get() == text);
  }
  SECTION("in a coroutine") {
    const auto run = [](ManualCache<Cards>& from) -> Running<std::string> {
      auto lookup = from.get_or_fetch<Cards>(Label(text), itself);
      co_return co_await std::move(lookup);
    };
    CHECK(run(cache).get() == text);
  }
  CHECK(cache.get<Cards>(text) == text);
  CHECK(cache.get_or_fetch<Cards>(std::pmr::string(text), [] { return "fetched again"; }).get() == text);
  cache.put<Cards>(Label(text), "put");
  CHECK(cache.get<Cards>(text) == "put");
  CHECK(cache.size<Cards>() == 1);
}
