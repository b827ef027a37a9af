// Whether the hit ratio on traces of real caches reaches its floors, and what sharing the cache among threads costs of
// it. The floors are those of the test, from which the build takes them.
#include "rows.hpp"
#include "trace.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <array>
#include <future>
#include <limits>

using namespace benchmarks;

namespace {

struct Pages : tiercache::Tier<std::uint64_t, std::uint64_t> {
  static constexpr tiercache::TierPolicy policy{.ttl = tiercache::forever};
};

struct Floor {
  const char* trace;
  std::size_t capacity;
  double lru;
  double floor;
};
constexpr Floor floors[] = {
#include "floors.inc"
};

/// Returns the hit ratio, in percent: the median of three replays, since no two caches hash alike.
template <class Cache>
double replay(const support::Trace& trace, std::size_t capacity) {
  std::array<double, 3> ratios{};
  for (double& ratio : ratios) {
    Cache cache{tiercache::with<Pages>({.ttl = tiercache::forever, .capacity = capacity})};
    for (const std::uint64_t key : trace.keys()) {
      static_cast<void>(cache.template get_or_fetch<Pages>(key, [](std::uint64_t missed) { return missed; }).get());
    }
    ratio = 100 * cache.template stats<Pages>().hit_rate();
  }
  std::sort(ratios.begin(), ratios.end());
  return ratios[1];
}

/// The worst of a number of differences, and where it was met.
struct Worst {
  double points;
  std::string where;

  void meet(double difference, bool is_worse, const Floor& at) {
    if (!is_worse) return;
    points = difference;
    where = fmt::format("{} with a capacity of {}", at.trace, at.capacity);
  }
};

}  // namespace

int main(int argc, char** argv) {
  Rows rows(argc, argv);
  support::Trace trace;
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  Worst margin{none, "skipped: TIERCACHE_TRACES names no folder with traces"};
  Worst loss{none, margin.where};
  for (const Floor& point : floors) {
    if (!trace.load(point.trace)) break;
    const auto replay_shared = [&] { return replay<tiercache::TieredCache<Pages>>(trace, point.capacity); };
    std::future<double> shared;  // nothing is timed here: both at once
    if (point.capacity >= 1000) shared = std::async(std::launch::async, replay_shared);
    const double local = replay<tiercache::LocalTieredCache<Pages>>(trace, point.capacity);
    const double above = local - point.floor;
    margin.meet(above, !(above >= margin.points), point);
    if (!shared.valid()) continue;
    const double lost = local - shared.get();
    loss.meet(lost, !(lost <= loss.points), point);
  }
  rows.add({.measure = fmt::format("hit ratio over its floor, worst of {} points of traces", std::size(floors)),
            .subject = margin.where,
            .figure = margin.points,
            .unit = "points",
            .goal = at_least(0)});
  rows.add({.measure = "hit ratio that the shared cache loses to one thread's, worst of capacities from 1000",
            .subject = loss.where,
            .figure = loss.points,
            .unit = "points",
            .goal = at_most(0.3)});
}
