// What get_or_fetch costs over get where it hits: awaited, by a coroutine that loops, and from a plain thread. get
// copies the value into an optional, get_or_fetch returns it.
#include "contest.hpp"
#include "payloads.hpp"
#include "requests.hpp"
#include "running.hpp"

using namespace benchmarks;

namespace {

template <class Cache>
support::Detached await_hits(benchmark::State& state, Cache& cache, const std::vector<std::uint64_t>& keys) {
  const auto fetch = [](std::uint64_t key) { return Computed{key}; };
  const std::size_t mask = keys.size() - 1;
  std::size_t i = 0;
  for ([[maybe_unused]] auto turn : state) {
    Payload payload = co_await cache.template get_or_fetch<Payloads>(keys[i++ & mask], fetch);
    benchmark::DoNotOptimize(payload);
  }
  state.SetItemsProcessed(state.iterations());
}

template <class Cache>
void add(Contest& contest, const std::string& name, Cache& cache, const std::vector<std::uint64_t>& keys) {
  contest.add("get, " + name, keys, [&cache](std::uint64_t key) { return cache.template get<Payloads>(key); });
  contest.add("get_or_fetch().get(), " + name, keys, [&cache](std::uint64_t key) {
    const auto fetch = [](std::uint64_t missed) { return Computed{missed}; };
    return cache.template get_or_fetch<Payloads>(key, fetch).get();
  });
  contest.add_loop("co_await get_or_fetch, " + name, [&](benchmark::State& state) { await_hits(state, cache, keys); });
}

}  // namespace

int main(int argc, char** argv) {
  Rows rows(argc, argv);
  Contest contest(argc, argv);
  constexpr std::size_t entries = 1000;
  const std::vector<std::uint64_t> keys = zipf_keys(entries, 1 << 16);
  const std::string kinds[] = {"one thread's cache with TickClock", "shared cache"};
  LocalCache local{holding<Payloads>(entries)};
  SharedCache shared{holding<Payloads>(entries)};
  for (const std::uint64_t key : shuffled_keys(entries)) {
    local.put<Payloads>(key, compute(key));
    shared.put<Payloads>(key, compute(key));
  }
  computed = 0;
  add(contest, kinds[0], local, keys);
  add(contest, kinds[1], shared, keys);
  contest.run();
  if (computed != 0) return 1;

  for (const std::string& kind : kinds) {
    for (const std::string& call : {"co_await get_or_fetch, " + kind, "get_or_fetch().get(), " + kind}) {
      Row row = contest.ratio("hit by get_or_fetch over hit by get, 10^3 entries", call, "get, " + kind, at_most(2));
      row.measure += fmt::format(" ({:.2f} x)", row.figure);
      row.figure = contest.median(call) - contest.median("get, " + kind);
      row.unit = "ns more";
      rows.add(row);
    }
  }
}
