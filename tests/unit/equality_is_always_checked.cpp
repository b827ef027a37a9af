#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::ManualClock;

// All keys collide: whoever took a hash for a key would hand out another key's value.
struct ConstantHash {
  std::size_t operator()(const std::string&) const { return 42; }
};
struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  using hash = ConstantHash;
};

std::vector<std::string> names(int count) {
  std::vector<std::string> keys;
  for (int i = 0; i < count; ++i) keys.push_back("card " + std::to_string(i));
  return keys;
}

}  // namespace

TEST_CASE("Keys of one hash are told apart") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  CHECK_FALSE(cache.get<Cards>("a"));
  cache.put<Cards>("a", "value of a");
  CHECK_FALSE(cache.get<Cards>("b"));
  CHECK_FALSE(cache.peek<Cards>("b"));
  CHECK_FALSE(cache.visit<Cards>("b", [](const std::string&) {}));
  CHECK(cache.invalidate<Cards>("b") == 0);
  CHECK(cache.get_or_fetch<Cards>("b", [] { return "value of b"; }).get() == "value of b");
  CHECK(cache.get<Cards>("a") == "value of a");

  const auto keys = names(100);
  for (const auto& key : keys) cache.put<Cards>(key, "value of " + key);
  CHECK(cache.size<Cards>() == 102);
  for (const auto& key : keys) CHECK(cache.get<Cards>(key) == "value of " + key);
  // Taken out of the middle of their chain, the first and the last of it.
  for (std::size_t i = 0; i < keys.size(); i += 3) CHECK(cache.invalidate<Cards>(keys[i]) == 1);
  for (std::size_t i = 0; i < keys.size(); ++i) CHECK(cache.get<Cards>(keys[i]).has_value() == (i % 3 != 0));
}

TEST_CASE("Fetches of keys of one hash are told apart") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  std::string inner;
  const std::string outer =
      cache
          .get_or_fetch<Cards>("outer",
                               [&] {
                                 inner = cache.get_or_fetch<Cards>("inner", [] { return "value of inner"; }).get();
                                 cache.invalidate<Cards>("other");
                                 return "value of outer";
                               })
          .get();
  CHECK(inner == "value of inner");
  CHECK(outer == "value of outer");
  CHECK(cache.get<Cards>("inner") == "value of inner");
  CHECK(cache.get<Cards>("outer") == "value of outer");
}
