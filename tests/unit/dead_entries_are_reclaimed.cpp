#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <string>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::ManualClock;

struct Cards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 10'000};
};
struct Boards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
using Cache = ManualCache<Cards, Boards>;

}  // namespace

TEST_CASE("purge_expired drops all that are past their deadline, and only those") {
  ManualClock::reset();
  Cache cache;
  for (int key = 0; key < 20; ++key) cache.put<Cards>(key, key, key % 2 == 0 ? 10s : 20s);
  cache.put<Cards>(20, 20, tiercache::forever);
  CHECK(cache.purge_expired<Cards>() == 0);
  ManualClock::advance(10s - 1ns);
  CHECK(cache.purge_expired<Cards>() == 0);
  ManualClock::advance(1ns);
  CHECK(cache.purge_expired<Cards>() == 10);
  CHECK(cache.size<Cards>() == 11);
  CHECK(cache.get<Cards>(1) == 1);
  CHECK_FALSE(cache.peek<Cards>(0));
  ManualClock::advance(24h);
  CHECK(cache.purge_expired<Cards>() == 10);
  CHECK(cache.size<Cards>() == 1);
  CHECK(cache.stats<Cards>().expirations == 20);
}

TEST_CASE("purge_expired of a tier leaves the others alone, that of the cache takes all") {
  ManualClock::reset();
  Cache cache;
  cache.put<Cards>(1, 1);
  cache.put<Boards>(1, 1);
  ManualClock::advance(1min);
  CHECK(cache.purge_expired<Cards>() == 1);
  CHECK(cache.size<Boards>() == 1);
  cache.put<Cards>(1, 1);
  ManualClock::advance(1min);
  CHECK(cache.purge_expired() == 2);
  CHECK(cache.purge_expired() == 0);
}

TEST_CASE("Writing alone gets rid of dead entries, a few with each write") {
  ManualClock::reset();
  Cache cache;
  for (int key = 0; key < 1000; ++key) cache.put<Cards>(key, key);
  ManualClock::advance(1min);
  CHECK(cache.size<Cards>() == 1000);
  SECTION("by writes of other keys") {
    for (int key = 1000; key < 2000; ++key) {
      const std::size_t before = cache.size<Cards>();
      cache.put<Cards>(key, key);
      // No write pays for all.
      REQUIRE(before - cache.size<Cards>() + 1 < 10);
    }
    CHECK(cache.size<Cards>() == 1000);
  }
  SECTION("by writes of one key") {
    for (int i = 0; i < 1000; ++i) cache.put<Cards>(-1, i);
    CHECK(cache.size<Cards>() == 1);
  }
  SECTION("by fetches") {
    for (int key = 1000; key < 2000; ++key) {
      static_cast<void>(cache.get_or_fetch<Cards>(key, [] { return 0; }).get());
    }
    CHECK(cache.size<Cards>() == 1000);
  }
  CHECK(cache.stats<Cards>().expirations == 1000);
  CHECK(cache.stats<Cards>().evictions == 0);
}

TEST_CASE("Dead entries are found among those that live, however the two are mixed") {
  ManualClock::reset();
  Cache cache;
  for (int key = 0; key < 300; ++key)
    cache.put<Cards>(key, key, key % 3 == 0 ? tiercache::forever : tiercache::Ttl(1s));
  ManualClock::advance(1s);
  for (int i = 0; i < 400; ++i) cache.put<Cards>(-1, i, tiercache::forever);
  CHECK(cache.size<Cards>() == 101);
  for (int key = 0; key < 300; ++key) CHECK(cache.get<Cards>(key).has_value() == (key % 3 == 0));
}

TEST_CASE("Reading drops nothing") {
  ManualClock::reset();
  Cache cache;
  for (int key = 0; key < 10; ++key) cache.put<Cards>(key, key);
  ManualClock::advance(1min);
  for (int i = 0; i < 100; ++i) CHECK_FALSE(cache.get<Cards>(i % 10));
  CHECK(cache.size<Cards>() == 10);
  CHECK(cache.peek<Cards>(5)->value == 5);
  CHECK(cache.stats<Cards>().expirations == 0);
}
