// How long single inserts into a full tier take, at worst too, and whether that grows with the tier.
//
// The machine interrupts the program now and then, and no sample is left out for that. What the library does itself
// recurs in each run: so the inserts of a run are taken in windows, and a window's worst is the least, over the runs,
// of its maximum. The worst of all windows is judged.
#include "hand_written_cache.hpp"
#include "requests.hpp"
#include "rows.hpp"
#include "subjects.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

using namespace benchmarks;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t runs = 5;
constexpr std::size_t window = 1000;

struct LruPayloads : Payloads {
  using eviction = tiercache::Lru;
};
struct SievePayloads : Payloads {
  using eviction = tiercache::Sieve;
};
struct OldestFirstPayloads : Payloads {
  using eviction = tiercache::OldestFirst;
};

template <class T>
class Subject {
 public:
  explicit Subject(std::size_t capacity) : cache_(holding<T>(capacity)) {}
  void put(std::uint64_t key, const Payload& payload) { cache_.template put<T>(key, payload); }

 private:
  tiercache::TieredCache<T> cache_;
};

/// In nanoseconds; `typical` has the medians, over the runs, of the quantiles below and of the maximum.
struct Latency {
  std::array<double, 4> typical;
  double least_maximum;
  double recurring_maximum;
};
constexpr double quantiles[] = {0.5, 0.99, 0.999};

template <class Cache>
std::vector<std::uint32_t> time_inserts(std::size_t capacity) {
  // More than it takes for what happens once in a while, such as the ageing of counts, to have begun.
  std::vector<std::uint32_t> times(std::max(10 * capacity, std::size_t{1'000'000}));
  Cache cache(capacity);
  const Payload payload = compute(1);
  std::uint64_t rank = 0;
  while (rank < capacity) cache.put(key_of(rank++), payload);
  for (std::uint32_t& time : times) {
    const std::uint64_t key = key_of(rank++);
    const Clock::time_point begin = Clock::now();
    cache.put(key, payload);
    const std::chrono::nanoseconds taken = Clock::now() - begin;
    time = static_cast<std::uint32_t>(std::min<std::int64_t>(taken.count(), std::numeric_limits<std::uint32_t>::max()));
  }
  return times;
}

template <class Cache>
Latency measure(std::size_t capacity) {
  std::array<std::array<double, runs>, 4> found;
  std::vector<std::uint32_t> worst;
  for (std::size_t run = 0; run < runs; ++run) {
    std::vector<std::uint32_t> times = time_inserts<Cache>(capacity);
    worst.resize(times.size() / window, std::numeric_limits<std::uint32_t>::max());
    for (std::size_t i = 0; i < worst.size(); ++i) {
      const auto begin = times.begin() + static_cast<std::ptrdiff_t>(i * window);
      worst[i] = std::min(worst[i], *std::max_element(begin, begin + window));
    }
    std::sort(times.begin(), times.end());
    for (std::size_t i = 0; i < std::size(quantiles); ++i) {
      found[i][run] = times[static_cast<std::size_t>(quantiles[i] * static_cast<double>(times.size()))];
    }
    found[3][run] = times.back();
  }
  Latency latency{};
  for (std::size_t i = 0; i < found.size(); ++i) {
    std::sort(found[i].begin(), found[i].end());
    latency.typical[i] = found[i][runs / 2];
  }
  latency.least_maximum = found[3][0];
  latency.recurring_maximum = *std::max_element(worst.begin(), worst.end());
  return latency;
}

template <class Cache>
void add(Rows& rows, const std::string& name, std::optional<Goal> goal) {
  double small = 0;
  for (const int digits : {4, 5, 6}) {
    const Latency latency = measure<Cache>(static_cast<std::size_t>(std::pow(10, digits)));
    Row row{.measure = fmt::format("insert at capacity, {}, 10^{} entries: does its worst grow?", name, digits),
            .subject = fmt::format("p50 {:.0f}, p99 {:.0f}, p99.9 {:.0f} ns; maximum of a run {:.3g} us, least {:.3g} "
                                   "us; recurring {:.3g} us",
                                   latency.typical[0], latency.typical[1], latency.typical[2], latency.typical[3] / 1e3,
                                   latency.least_maximum / 1e3, latency.recurring_maximum / 1e3),
            .figure = std::numeric_limits<double>::quiet_NaN()};
    if (digits == 4) {
      small = latency.recurring_maximum;
    } else {
      row.reference = fmt::format("10^4 entries: recurring {:.3g} us", small / 1e3);
      row.figure = latency.recurring_maximum / small;
      row.goal = goal;
    }
    rows.add(row);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Rows rows(argc, argv);
  // What grows with the tier would be 10 and 100 times as long; memory farther away, a few times.
  const Goal goal = at_most(5);
  add<Subject<Payloads>>(rows, "AdaptiveClock", goal);
  add<Subject<LruPayloads>>(rows, "Lru", goal);
  add<Subject<SievePayloads>>(rows, "Sieve", goal);
  add<Subject<OldestFirstPayloads>>(rows, "OldestFirst", goal);
  add<HandWrittenCache<std::uint64_t, Payload>>(rows, "hand-written", {});
}
