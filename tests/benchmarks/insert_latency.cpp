// How long single inserts into a full tier take, at worst too, and whether that grows with the tier.
//
// The machine takes the processor away now and then; no insert is left out of the quantiles and of the worst of all for
// that. What the library does itself recurs in each run, at about the same time: so runs are cut into windows, and a
// window's worst is the least, over the runs, of its longest insert, of those during which no other program was given
// the processor. The longest of these, the "recurring worst", is judged.
#include "hand_written_cache.hpp"
#include "payloads.hpp"
#include "requests.hpp"
#include "rows.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

using namespace benchmarks;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t runs = 5;
constexpr std::size_t window = 50'000;

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

/// How often this thread had to wait for another.
long preemptions() {
  ::rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}

/// In nanoseconds.
struct Latency {
  std::array<std::uint32_t, 4> at_quantile;
  std::uint32_t recurring_worst;
};
constexpr std::array quantiles{0.5, 0.99, 0.999, 1.0};

template <class Cache>
Latency measure(std::size_t capacity, std::size_t count) {
  constexpr auto longest = std::numeric_limits<std::uint32_t>::max();
  const Payload payload = compute(1);
  std::vector<std::uint32_t> times;
  times.reserve(runs * count);
  std::vector<std::uint32_t> least(count / window, longest);
  for (std::size_t run = 0; run < runs; ++run) {
    Cache cache(capacity);
    std::uint64_t rank = 0;
    while (rank < capacity) cache.put(key_of(rank++), payload);
    for (std::uint32_t& least_of_window : least) {
      std::uint32_t worst = 0;
      long known = 0;
      for (std::size_t i = 0; i < window; ++i) {
        if (i % 256 == 0) known = preemptions();
        const std::uint64_t key = key_of(rank++);
        const Clock::time_point begin = Clock::now();
        cache.put(key, payload);
        const std::chrono::nanoseconds taken = Clock::now() - begin;
        const auto time = static_cast<std::uint32_t>(std::min<std::int64_t>(taken.count(), longest));
        times.push_back(time);
        if (time > worst && std::exchange(known, preemptions()) == known) worst = time;
      }
      least_of_window = std::min(least_of_window, worst);
    }
  }
  Latency latency{};
  for (std::size_t i = 0; i < quantiles.size(); ++i) {
    const auto nth = times.begin() + static_cast<std::ptrdiff_t>(quantiles[i] * static_cast<double>(times.size() - 1));
    std::nth_element(times.begin(), nth, times.end());
    latency.at_quantile[i] = *nth;
  }
  latency.recurring_worst = *std::max_element(least.begin(), least.end());
  return latency;
}

/// Adds the rows of one policy; each tier is refilled `turns` times.
template <class Cache>
void add(Rows& rows, const std::string& name, std::size_t turns, std::optional<Goal> goal) {
  double small = 0;
  constexpr std::size_t capacities[] = {10'000, 100'000, 1'000'000};
  for (const std::size_t capacity : capacities) {
    const Latency latency = measure<Cache>(capacity, std::max(turns * capacity, std::size_t{1'000'000}));
    Row row{.measure = fmt::format("one insert at capacity, {}, {} entries", name, capacity),
            .subject = fmt::format("p50 {} ns, p99 {} ns, p99.9 {} ns, worst {} us; recurring worst {} us",
                                   latency.at_quantile[0], latency.at_quantile[1], latency.at_quantile[2],
                                   digits_of(latency.at_quantile[3] / 1e3), digits_of(latency.recurring_worst / 1e3)),
            .figure = std::numeric_limits<double>::quiet_NaN()};
    if (capacity == capacities[0]) {
      small = latency.recurring_worst;
    } else {
      row.reference = fmt::format("with {} entries: recurring worst {} us", capacities[0], digits_of(small / 1e3));
      row.figure = latency.recurring_worst / small;
      if (capacity == 100 * capacities[0]) row.goal = goal;
    }
    rows.add(row);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Rows rows(argc, argv);
  // What grows with the tier would take a hundred times as long; memory that is farther away, a few times.
  const Goal goal = at_most(10);
  // Its counts begin to age only when there were seven and a half for each entry.
  add<Subject<Payloads>>(rows, "AdaptiveClock", 8, goal);
  add<Subject<LruPayloads>>(rows, "Lru", 2, goal);
  add<Subject<SievePayloads>>(rows, "Sieve", 2, goal);
  add<Subject<OldestFirstPayloads>>(rows, "OldestFirst", 2, goal);
  add<HandWrittenCache<std::uint64_t, Payload>>(rows, "hand-written", 2, {});
}
