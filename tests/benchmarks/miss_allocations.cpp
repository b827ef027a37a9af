// How many allocations a miss costs at capacity, where the fetcher makes none: of the library, then.
#include "counted_new.hpp"
#include "payloads.hpp"
#include "requests.hpp"
#include "rows.hpp"

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
  std::size_t sum = 0;
  std::size_t most = 0;
  for (std::size_t i = 0; i < misses; ++i) {
    const std::size_t count = miss();
    sum += count;
    most = std::max(most, count);
  }
  if (computed != misses) std::exit(1);
  rows.add({.measure = "allocations of a miss at capacity, " + what,
            .subject = fmt::format("mean {:.4g}", static_cast<double>(sum) / misses),
            .figure = static_cast<double>(most),
            .unit = "at once",
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
