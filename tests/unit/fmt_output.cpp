#include "catch.hpp"
#include "manual_time.hpp"

#include <tiercache/fmt.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::CacheStats;
using tiercache::ManualClock;
using tiercache::TierStats;

TierStats tier(std::string_view name, std::uint64_t hits, std::uint64_t misses, std::uint64_t joined, double expected) {
  TierStats stats;
  stats.name = name;
  stats.lookups = hits + misses;
  stats.hits = hits;
  stats.misses = misses;
  stats.fetches_joined = joined;
  stats.expected_hit_rate = expected;
  return stats;
}

struct Cards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .expected_hit_rate = 0.5};
};

}  // namespace

TEST_CASE("A tier's statistics are printed on one line") {
  CHECK(fmt::format("{}", tier("cards", 40, 60, 12, 0.4)) ==
        "cards: 100 lookups, 40 hits, 60 misses, 12 joined, 40.0 % hit rate (expected 40.0 %)");
  CHECK(fmt::format("{}", tier("cards", 0, 0, 0, 0.0)) ==
        "cards: 0 lookups, 0 hits, 0 misses, 0 joined, 0.0 % hit rate");
}

TEST_CASE("A tier that falls short of its expected hit rate is marked") {
  CHECK(fmt::format("{}", tier("cards", 40, 60, 12, 0.5)) ==
        "cards: 100 lookups, 40 hits, 60 misses, 12 joined, 40.0 % hit rate (expected 50.0 %, below)");
  CHECK(fmt::format("{}", tier("cards", 0, 1, 0, 0.5)) ==
        "cards: 1 lookups, 0 hits, 1 misses, 0 joined, 0.0 % hit rate (expected 50.0 %, below)");
  // Unused, it has not fallen short of anything.
  CHECK(fmt::format("{}", tier("cards", 0, 0, 0, 0.5)) ==
        "cards: 0 lookups, 0 hits, 0 misses, 0 joined, 0.0 % hit rate (expected 50.0 %)");
}

TEST_CASE("A cache's statistics are printed as a table") {
  const CacheStats stats{{tier("workspaces", 950, 50, 7, 0.9), tier("boards", 6, 4, 0, 0.7), tier("x", 1, 2, 0, 0.0),
                          tier("unused", 0, 0, 0, 0.4)}};
  CHECK(fmt::format("{}", stats) ==
        "tier          lookups       hits     misses   joined  hit rate    expected\n"
        "workspaces       1000        950         50        7    95.0 %      90.0 %\n"
        "boards             10          6          4        0    60.0 %      70.0 %  below\n"
        "x                   3          1          2        0    33.3 %           -\n"
        "unused              0          0          0        0     0.0 %      40.0 %");
}

TEST_CASE("The table keeps its columns for the widest numbers that matter and for short names") {
  const CacheStats stats{{tier("c", 9'999'999'999, 0, 0, 1.0)}};
  CHECK(fmt::format("{}", stats) ==
        "tier    lookups       hits     misses   joined  hit rate    expected\n"
        "c    9999999999 9999999999          0        0   100.0 %     100.0 %");
}

TEST_CASE("What is printed is what a cache counted") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  cache.put<Cards>(1, 1);
  CHECK(cache.get<Cards>(1));
  CHECK_FALSE(cache.get<Cards>(2));
  CHECK_FALSE(cache.get<Cards>(3));
  CHECK(fmt::format("{}", cache.stats<Cards>()) ==
        "Cards: 3 lookups, 1 hits, 2 misses, 0 joined, 33.3 % hit rate (expected 50.0 %, below)");
  CHECK(fmt::format("{}", cache.stats()) ==
        "tier     lookups       hits     misses   joined  hit rate    expected\n"
        "Cards          3          1          2        0    33.3 %      50.0 %  below");
}

TEST_CASE("A format specification is refused") {
  const TierStats one = tier("cards", 0, 0, 0, 0.0);
  CHECK_THROWS_AS(fmt::format(fmt::runtime("{:>10}"), one), fmt::format_error);
  CHECK_THROWS_AS(fmt::format(fmt::runtime("{:x}"), CacheStats{{one}}), fmt::format_error);
}
