#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <optional>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::CacheEntry;
using tiercache::ManualClock;
using tiercache::Ttl;

struct Cards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};

// Every way to read agrees; reading by get_or_fetch replaces what is stale, so it is asked last.
bool is_fresh(ManualCache<Cards>& cache, int key) {
  const auto entry = cache.peek<Cards>(key);
  REQUIRE(entry.has_value());
  const bool is_fresh_to_peek = entry->is_fresh(ManualClock::now());
  CHECK(cache.get<Cards>(key).has_value() == is_fresh_to_peek);
  CHECK(cache.visit<Cards>(key, [](int) {}) == is_fresh_to_peek);
  bool has_fetched = false;
  static_cast<void>(cache
                        .get_or_fetch<Cards>(key,
                                             [&has_fetched] {
                                               has_fetched = true;
                                               return -1;
                                             })
                        .get());
  CHECK(has_fetched != is_fresh_to_peek);
  return is_fresh_to_peek;
}

}  // namespace

TEST_CASE("P8: a value is fresh until its deadline and not at it") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  cache.put<Cards>(1, 10);
  cache.put<Cards>(2, 20, 10s);
  cache.put<Cards>(3, 30, 1ns);
  CHECK(is_fresh(cache, 1));
  CHECK(is_fresh(cache, 2));
  CHECK(is_fresh(cache, 3));

  ManualClock::advance(1ns);
  CHECK_FALSE(is_fresh(cache, 3));
  ManualClock::advance(10s - 2ns);
  CHECK(is_fresh(cache, 2));
  ManualClock::advance(1ns);
  CHECK_FALSE(is_fresh(cache, 2));
  ManualClock::advance(50s - 1ns);
  CHECK(is_fresh(cache, 1));
  ManualClock::advance(1ns);
  CHECK_FALSE(is_fresh(cache, 1));
}

TEST_CASE("P8: a value with a TTL of zero or less is stored and never fresh") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  cache.put<Cards>(1, 10, 0s);
  CHECK_FALSE(is_fresh(cache, 1));
  cache.put<Cards>(2, 20, -1s);
  CHECK_FALSE(is_fresh(cache, 2));
  cache.put<Cards>(3, CacheEntry<int>{.value = 30, .ttl = 0s});
  CHECK_FALSE(is_fresh(cache, 3));
}

TEST_CASE("P8: what lives forever is fresh for as long as the clock can run") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  cache.put<Cards>(1, 10, tiercache::forever);
  cache.put<Cards>(2, 20, (std::chrono::hours::max)());
  ManualClock::advance(tiercache::forever);
  CHECK(ManualClock::now() == (tiercache::TimePoint::max)());
  CHECK(is_fresh(cache, 1));
  CHECK(is_fresh(cache, 2));
}

TEST_CASE("P8: deadlines hold close to the end of time") {
  ManualClock::reset();
  ManualClock::advance((tiercache::TimePoint::max)() - 60s - ManualClock::now());
  ManualCache<Cards> cache;
  cache.put<Cards>(1, 10, 20s);
  cache.put<Cards>(2, 20, 1h);
  CHECK(is_fresh(cache, 1));
  CHECK(is_fresh(cache, 2));
  ManualClock::advance(20s - 1ns);
  CHECK(is_fresh(cache, 1));
  ManualClock::advance(1ns);
  CHECK_FALSE(is_fresh(cache, 1));
  CHECK(is_fresh(cache, 2));
}

TEST_CASE("A value put again lives by its new deadline") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  cache.put<Cards>(1, 10);
  ManualClock::advance(40s);
  cache.put<Cards>(1, 11);
  ManualClock::advance(40s);
  CHECK(cache.get<Cards>(1) == 11);
  cache.put<Cards>(1, 12, 5s);
  ManualClock::advance(5s);
  CHECK_FALSE(cache.get<Cards>(1));
}
