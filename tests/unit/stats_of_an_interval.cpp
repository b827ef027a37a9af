#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::CacheStats;
using tiercache::ManualClock;
using tiercache::TierStats;

struct Cards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .expected_hit_rate = 0.4};
};
struct Boards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .expected_hit_rate = 0.7};
};
using Cache = ManualCache<Cards, Boards>;

constexpr std::uint64_t TierStats::* counters[] = {
    &TierStats::lookups,        &TierStats::hits,
    &TierStats::stale_hits,     &TierStats::not_found_hits,
    &TierStats::misses,         &TierStats::fetches_led,
    &TierStats::fetches_joined, &TierStats::lookups_without_fetch,
    &TierStats::fetch_failures, &TierStats::inserts,
    &TierStats::updates,        &TierStats::evictions,
    &TierStats::expirations,    &TierStats::invalidations,
    &TierStats::superseded,     &TierStats::store_failures,
};

// No two fields alike, so that none can stand for another.
constexpr TierStats numbered(std::uint64_t step) {
  TierStats stats;
  std::uint64_t value = 0;
  for (const auto counter : counters) stats.*counter = value += step;
  stats.entries = 1000 * step;
  stats.weight = 2000 * step;
  stats.in_flight = 3000 * step;
  stats.expected_hit_rate = 0.1 * static_cast<double>(step);
  stats.name = step == 1 ? "early" : "late";
  return stats;
}

}  // namespace

TEST_CASE("The difference of two statistics is what happened between them") {
  const TierStats interval = numbered(5) - numbered(1);
  std::uint64_t expected = 0;
  for (const auto counter : counters) CHECK(interval.*counter == (expected += 4));
  // Levels are no events: they are those of the end.
  CHECK(interval.entries == 5000);
  CHECK(interval.weight == 10'000);
  CHECK(interval.in_flight == 15'000);
  CHECK(interval.expected_hit_rate == numbered(5).expected_hit_rate);
  CHECK(interval.name == "late");
  static_assert((numbered(5) - numbered(1)).lookups == 4);
}

TEST_CASE("The difference of a cache's statistics is that of each tier") {
  ManualClock::reset();
  Cache cache;
  cache.put<Cards>(1, 1);
  CHECK(cache.get<Cards>(1));
  CHECK_FALSE(cache.get<Boards>(1));
  const CacheStats before = cache.stats();
  CHECK(cache.get<Cards>(1));
  CHECK_FALSE(cache.get<Cards>(2));
  cache.put<Boards>(1, 1);
  const CacheStats interval = cache.stats() - before;
  CHECK(interval.size() == 2);
  CHECK(interval[0].lookups == 2);
  CHECK(interval[0].hits == 1);
  CHECK(interval[0].inserts == 0);
  CHECK(interval[0].entries == 1);
  CHECK(interval[0].hit_rate() == 0.5);
  CHECK(interval[1].lookups == 0);
  CHECK(interval[1].inserts == 1);
  CHECK(interval[1].name == "Boards");
  CHECK(cache.stats() - cache.stats() != cache.stats());
}

TEST_CASE("The hit rate is that of hits over lookups, and zero without lookups") {
  CHECK(TierStats().hit_rate() == 0.0);
  TierStats stats;
  stats.lookups = 8;
  stats.hits = 6;
  CHECK(stats.hit_rate() == 0.75);

  ManualClock::reset();
  Cache cache;
  CHECK(cache.stats().hit_rate() == 0.0);
  cache.put<Cards>(1, 1);
  for (int i = 0; i < 3; ++i) CHECK(cache.get<Cards>(1));
  CHECK_FALSE(cache.get<Boards>(1));
  CHECK(cache.stats<Cards>().hit_rate() == 1.0);
  CHECK(cache.stats<Boards>().hit_rate() == 0.0);
  // Of all lookups, and not the mean of the tiers' rates.
  CHECK(cache.stats().hit_rate() == 0.75);
}

TEST_CASE("A cache's statistics come in the order of its tiers, with their names and expectations") {
  ManualClock::reset();
  const Cache cache;
  const CacheStats stats = cache.stats();
  CHECK(stats.size() == 2);
  CHECK(stats[0] == cache.stats<Cards>());
  CHECK(stats[1] == cache.stats<Boards>());
  CHECK(stats[0].name == "Cards");
  CHECK(stats[0].expected_hit_rate == 0.4);
  CHECK(stats[1].expected_hit_rate == 0.7);
  std::size_t seen = 0;
  for (const TierStats& tier : stats) CHECK(&tier == &stats[seen++]);
  CHECK(seen == 2);
}

TEST_CASE("reset_stats sets the counters of all tiers to zero and leaves the levels") {
  ManualClock::reset();
  Cache cache;
  cache.put<Cards>(1, 1);
  cache.put<Boards>(1, 1);
  CHECK(cache.get<Cards>(1));
  CHECK_FALSE(cache.get<Boards>(2));
  cache.reset_stats();
  for (const TierStats& tier : cache.stats()) {
    for (const auto counter : counters) CHECK(tier.*counter == 0);
    CHECK(tier.entries == 1);
    CHECK(tier.weight == 1);
  }
  CHECK(cache.get<Cards>(1));
  CHECK(cache.stats<Cards>().lookups == 1);
  CHECK(cache.get<Cards>(1) == 1);
}

TEST_CASE("Statistics outlive their cache") {
  CacheStats stats;
  {
    Cache cache;
    stats = cache.stats();
  }
  CHECK(stats[1].name == "Boards");
}

TEST_CASE("Statistics of caches with other tiers can be taken from each other, compared and assigned") {
  Cache cache;
  cache.put<Cards>(1, 1);
  const CacheStats none;
  CacheStats all = cache.stats();
  CHECK((none - all).tiers.size() == 0);
  CHECK((all - none) == all);
  CHECK_FALSE(none == all);
  CHECK_FALSE((all - all) == all);
  all = none;
  CHECK(all.tiers.size() == 0);
  all = cache.stats();
  CHECK(all.tiers.size() == 2);
}
