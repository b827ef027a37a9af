// How many allocations a miss costs at capacity, where the fetcher makes none: of the library, then.
#include "counted_new.hpp"
#include "requests.hpp"
#include "rows.hpp"
#include "subjects.hpp"

#include <coroutine>

using namespace benchmarks;

namespace {

struct Fetched {
  std::uint64_t key;

  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  Payload await_resume() const { return compute(key); }
};

/// Returns how many allocations a miss takes, on average and at most.
template <class Cache, class Fetch>
std::pair<double, std::size_t> allocations(const Fetch& fetch) {
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
  return {static_cast<double>(sum) / static_cast<double>(misses), most};
}

}  // namespace

int main(int argc, char** argv) {
  Rows rows(argc, argv);
  const auto add = [&rows]<class Cache>(const std::string& kind, std::type_identity<Cache>) {
    const auto add_row = [&](const std::string& fetcher, const auto& fetch, double bound) {
      const auto [mean, most] = allocations<Cache>(fetch);
      rows.add({.measure = fmt::format("allocations of a miss at capacity, {}, {} fetcher", kind, fetcher),
                .subject = fmt::format("mean {:.4g}", mean),
                .figure = static_cast<double>(most),
                .unit = "at once",
                .goal = at_most(bound)});
    };
    add_row("immediate", [](std::uint64_t key) { return compute(key); }, 0);
    add_row("awaitable", [](std::uint64_t key) { return Fetched{key}; }, 2);
  };
  add("one thread's cache", std::type_identity<LocalCache>());
  add("shared cache", std::type_identity<SharedCache>());
}
