// Replays traces of real caches through a tier with the default eviction policy. The traces are not part of this
// project: the CMake variable TIERCACHE_TRACES names the folder in which they are, as NAME.u64.zst; a request is the
// key as a little-endian number of 64 bits.
#include "catch.hpp"
#include "trace.hpp"

#include <tiercache/tiercache.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using support::Trace;

struct Pages : tiercache::Tier<std::uint64_t, std::uint64_t> {
  static constexpr tiercache::TierPolicy policy{.ttl = tiercache::forever};
};
struct LruPages : Pages {
  using eviction = tiercache::Lru;
};

struct Floor {
  const char* trace;
  std::size_t capacity;
  /// The hit ratio, in percent, of LRU.
  double lru;
  /// The least hit ratio, in percent: that of a simulation of the policy, less 0.5, or 1.0 for the shortest trace.
  double floor;
};

constexpr Floor floors[] = {
    {"arc_oltp", 187, 13.7699, 20.4412},      {"arc_oltp", 1000, 32.8309, 40.843},
    {"arc_oltp", 1869, 41.6403, 46.1441},     {"arc_oltp", 2000, 42.4697, 46.6675},
    {"arc_oltp", 5000, 53.6505, 55.6059},     {"arc_oltp", 9344, 60.0788, 62.2656},
    {"arc_oltp", 15000, 64.6343, 65.8265},    {"arc_oltp", 18688, 66.5213, 67.2796},
    {"arc_oltp", 37376, 71.9685, 71.7326},    {"arc_p3", 763, 0.9434, 0.3729},
    {"arc_p3", 7625, 1.5916, 4.8061},         {"arc_p3", 16384, 2.0739, 10.0761},
    {"arc_p3", 38127, 4.3295, 21.2211},       {"arc_p3", 65536, 12.7178, 30.7541},
    {"arc_p3", 76254, 16.8067, 33.2429},      {"arc_p3", 152509, 50.2915, 51.8073},
    {"arc_p3", 262144, 65.1183, 63.9083},     {"c2k_orm-busy", 76, 50.1915, 50.0367},
    {"c2k_orm-busy", 763, 77.034, 76.5659},   {"c2k_orm-busy", 3817, 84.1305, 85.1691},
    {"c2k_orm-busy", 7635, 88.008, 88.9438},  {"c2k_orm-busy", 15270, 92.1154, 92.8756},
    {"lirs_multi3", 75, 5.1685, 22.7195},     {"lirs_multi3", 200, 14.7449, 31.8131},
    {"lirs_multi3", 373, 26.6327, 40.6719},   {"lirs_multi3", 600, 33.6464, 45.6486},
    {"lirs_multi3", 745, 35.4949, 47.2325},   {"lirs_multi3", 1000, 37.7005, 50.2715},
    {"lirs_multi3", 1491, 44.1024, 55.5722},  {"lirs_multi3", 2000, 44.5918, 60.4927},
    {"scarab_recs", 258, 18.2563, 23.4169},   {"scarab_recs", 2584, 34.7101, 42.9414},
    {"scarab_recs", 12918, 51.7062, 55.1033}, {"scarab_recs", 25837, 60.5972, 61.8364},
    {"scarab_recs", 51674, 69.5152, 68.7401},
};

/// Returns the hit ratio, in percent.
template <class Cache, class T>
double replay(const Trace& trace, std::size_t capacity) {
  Cache cache{tiercache::with<T>({.ttl = tiercache::forever, .capacity = capacity})};
  for (const std::uint64_t key : trace.keys()) {
    static_cast<void>(cache.template get_or_fetch<T>(key, [](std::uint64_t missed) { return missed; }).get());
  }
  return 100 * cache.template stats<T>().hit_rate();
}

using Local = tiercache::LocalTieredCache<Pages>;
using Shared = tiercache::TieredCache<Pages>;

}  // namespace

TEST_CASE("The hit ratio on real traces reaches that of the policy's simulation") {
  Trace trace;
  double lead = 0;
  int points = 0;
  for (const Floor& point : floors) {
    if (!trace.load(point.trace)) {
      WARN("skipped: TIERCACHE_TRACES names no folder with traces");
      return;
    }
    CAPTURE(point.trace, point.capacity, point.lru);
    const double local = replay<Local, Pages>(trace, point.capacity);
    CHECK(local >= point.floor);
    if (point.capacity < 1000) continue;
    // That threads may share it costs nothing. Each point alone varies by as much, from one seed to another.
    const double shared = replay<Shared, Pages>(trace, point.capacity);
    CHECK(shared >= point.floor - 0.3);
    lead += shared - local;
    ++points;
  }
  CHECK(lead / points >= -0.1);
}

TEST_CASE("On real traces a small tier is hit about as often as with LRU, or more often") {
  Trace trace;
  for (const char* const name : {"arc_oltp", "arc_p3", "c2k_orm-busy", "lirs_multi3", "scarab_recs"}) {
    if (!trace.load(name)) {
      WARN("skipped: TIERCACHE_TRACES names no folder with traces");
      return;
    }
    for (const std::size_t capacity : {1U, 2U, 3U, 5U, 8U, 13U, 20U, 32U, 50U}) {
      CAPTURE(name, capacity);
      const double lru = replay<tiercache::LocalTieredCache<LruPages>, LruPages>(trace, capacity);
      CHECK(replay<Local, Pages>(trace, capacity) >= lru - 2);
    }
  }
}
