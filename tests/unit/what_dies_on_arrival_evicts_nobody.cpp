#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <string>

namespace {

using namespace std::chrono_literals;
using tiercache::CacheEntry;
using tiercache::ManualClock;

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 100, .trim_to = 50, .max_weight = 1000};
  using eviction = tiercache::OldestFirst;
  static std::size_t weigh(int, const std::string& card) { return card.size(); }
};

struct FullCache : support::ManualCache<Cards> {
  FullCache() {
    ManualClock::reset();
    for (int key = 0; key < 100; ++key) put<Cards>(key, "card");
  }
};

}  // namespace

TEST_CASE("A fetched value that is not to be kept evicts nobody and is handed out") {
  FullCache cache;
  const auto no_store = [] { return CacheEntry<std::string>{.value = "once", .ttl = 0s}; };
  CHECK(cache.get_or_fetch<Cards>(1000, no_store).get() == "once");
  CHECK(cache.size<Cards>() == 100);
  CHECK_FALSE(cache.peek<Cards>(1000));
  CHECK(cache.stats<Cards>().store_failures == 1);
  CHECK(cache.stats<Cards>().evictions == 0);
}

TEST_CASE("A value that outlived its TTL in its own fetch evicts nobody") {
  FullCache cache;
  for (int key = 0; key < 100; ++key) cache.put<Cards>(key, "card", 1h);
  const auto slow = [] {
    ManualClock::advance(2min);
    return std::string("late");
  };
  CHECK(cache.get_or_fetch<Cards>(1000, slow).get() == "late");
  CHECK(cache.size<Cards>() == 100);
}

TEST_CASE("A value that is dead on arrival takes the place of what was held under its key") {
  FullCache cache;
  cache.put<Cards>(7, "dead", 0s);
  CHECK_FALSE(cache.get<Cards>(7));
  CHECK(cache.stats<Cards>().evictions == 0);
}

TEST_CASE("A dead value for which there is no weight left evicts only what was held under its key") {
  FullCache cache;
  cache.put<Cards>(7, std::string(900, 'x'), 0s);
  CHECK(cache.size<Cards>() == 99);
  CHECK_FALSE(cache.get<Cards>(7));
  const auto stats = cache.stats<Cards>();
  CHECK(stats.inserts - stats.evictions - stats.expirations - stats.invalidations == stats.entries);
}
