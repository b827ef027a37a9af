#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::ManualClock;

struct Cards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .not_found_ttl = 1min, .capacity = 3};
  using eviction = tiercache::Lru;
};

struct Plain : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 100};
};

std::vector<int> held(const ManualCache<Cards>& cache) {
  std::vector<int> keys;
  for (int key = 0; key < 10; ++key) {
    if (cache.peek<Cards>(key)) keys.push_back(key);
  }
  return keys;
}

// 1 is the one to go, unless it is used.
ManualCache<Cards>& filled(ManualCache<Cards>& cache) {
  ManualClock::reset();
  for (int key = 1; key <= 3; ++key) cache.put<Cards>(key, key);
  return cache;
}

}  // namespace

TEST_CASE("What was written longest ago goes if nothing was read") {
  ManualCache<Cards> cache;
  filled(cache).put<Cards>(4, 4);
  CHECK(held(cache) == std::vector{2, 3, 4});
}

TEST_CASE("Each hit makes its entry the most recently used") {
  ManualCache<Cards> cache;
  filled(cache);
  SECTION("by get") {
    CHECK(cache.get<Cards>(1));
  }
  SECTION("by visit") {
    CHECK(cache.visit<Cards>(1, [](int) {}));
  }
  SECTION("by get_or_fetch") {
    CHECK(cache.get_or_fetch<Cards>(1, [] { return 0; }).get() == 1);
  }
  SECTION("by put") {
    cache.put<Cards>(1, 1);
  }
  SECTION("in the middle, and again as the newest") {
    CHECK(cache.get<Cards>(2));
    CHECK(cache.get<Cards>(1));
    CHECK(cache.get<Cards>(1));
    CHECK(cache.get<Cards>(3));
    cache.put<Cards>(4, 4);
    CHECK(held(cache) == std::vector{1, 3, 4});
    return;
  }
  cache.put<Cards>(4, 4);
  CHECK(held(cache) == std::vector{1, 3, 4});
}

TEST_CASE("What is no hit does not matter to eviction") {
  ManualCache<Cards> cache;
  filled(cache);
  SECTION("peek") {
    CHECK(cache.peek<Cards>(1));
  }
  SECTION("a miss") {
    CHECK_FALSE(cache.get<Cards>(9));
  }
  cache.put<Cards>(4, 4);
  CHECK(held(cache) == std::vector{2, 3, 4});
}

TEST_CASE("The least recently used leave first also when trim_to drops several") {
  ManualCache<Cards> cache{tiercache::with<Cards>({.ttl = 1min, .capacity = 3, .trim_to = 2})};
  filled(cache);
  CHECK(cache.get<Cards>(1));
  cache.put<Cards>(4, 4);
  CHECK(held(cache) == std::vector{1, 4});
}

TEST_CASE("A tier that names no eviction policy drops no entry in use") {
  ManualClock::reset();
  ManualCache<Plain> cache;
  cache.put<Plain>(0, 0);
  for (int key = 1; key < 1000; ++key) {
    for (int i = 0; i < 4; ++i) REQUIRE(cache.get_or_fetch<Plain>(0, [] { return -1; }).get() == 0);
    cache.put<Plain>(key, key);
  }
  CHECK(cache.size<Plain>() == 100);
}
