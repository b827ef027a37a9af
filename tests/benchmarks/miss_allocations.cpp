// How many allocations a miss costs at capacity, where the fetcher makes none: of the library, then. A few misses in
// 100,000 cost more: a part of the index becomes fuller than ever before, and grows.
#include "counted_new.hpp"
#include "payloads.hpp"
#include "requests.hpp"
#include "rows.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

using namespace benchmarks;

namespace {

template <class Cache, class Fetch>
void add(Rows& rows, const std::string& what, const Fetch& fetch, double bound) {
  constexpr std::size_t capacity = 10'000;
  constexpr std::size_t misses = 100'000;
  Cache cache{holding<Payloads>(capacity)};
  std::uint64_t rank = 0;
  const auto miss = [&] {
    const std::size_t before = support::Allocations::count;
    static_cast<void>(cache.template get_or_fetch<Payloads>(key_of(rank++), fetch).get());
    return support::Allocations::count - before;
  };
  while (rank < 2 * capacity) miss();
  computed = 0;
  std::vector<std::size_t> counts(misses);
  for (std::size_t& count : counts) count = miss();
  if (computed != misses) std::exit(1);
  std::sort(counts.begin(), counts.end());
  const std::size_t sum = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
  rows.add({.measure = "allocations of a miss at capacity, " + what,
            .subject = fmt::format("mean {:.5g}, worst {}", static_cast<double>(sum) / misses, counts.back()),
            .figure = static_cast<double>(counts[misses - 1 - misses / 1000]),
            .unit = "at p99.9",
            .goal = at_most(bound)});
}

}  // namespace

int main(int argc, char** argv) {
  Rows rows(argc, argv);
  const auto immediate = [](std::uint64_t key) { return compute(key); };
  const auto awaitable = [](std::uint64_t key) { return Computed{key}; };
  add<LocalCache>(rows, "one thread's cache, immediate fetcher", immediate, 0);
  add<LocalCache>(rows, "one thread's cache, awaitable fetcher", awaitable, 2);
  add<SharedCache>(rows, "shared cache, immediate fetcher", immediate, 0);
  add<SharedCache>(rows, "shared cache, awaitable fetcher", awaitable, 2);
}
