// What a hit costs in the cache of one thread, beside a find in a flat map, which has no deadlines, counts nothing and
// evicts nobody.
#include "contest.hpp"
#include "flat_maps.hpp"
#include "payloads.hpp"
#include "requests.hpp"

using namespace benchmarks;

int main(int argc, char** argv) {
  Rows rows(argc, argv);
  Contest contest(argc, argv);
  constexpr std::size_t entries = 1000;
  const std::vector<std::uint64_t> keys = zipf_keys(entries, 1 << 16);

  LocalCache cache{holding<Payloads>(entries)};
  for (const std::uint64_t key : shuffled_keys(entries)) cache.put<Payloads>(key, compute(key));
  contest.add("get", keys, [&cache](std::uint64_t key) { return cache.get<Payloads>(key); });
  contest.add("visit", keys, [&cache](std::uint64_t key) {
    std::uint64_t word = 0;
    cache.visit<Payloads>(key, [&word](const Payload& payload) { word = payload.words[0]; });
    return word;
  });

  std::vector<std::string> copies;
  std::vector<std::string> finds;
  for_each_flat_map<std::uint64_t, Payload>([&](const std::string& name, const auto& map) {
    for (const std::uint64_t key : shuffled_keys(entries)) map->put(key, compute(key));
    copies.push_back(name + ", find and copy");
    contest.add(copies.back(), keys, [map](std::uint64_t key) { return map->get(key); });
    finds.push_back(name + ", find and read");
    contest.add(finds.back(), keys, [map](std::uint64_t key) {
      const Payload* const payload = map->find(key);
      return payload != nullptr ? payload->words[0] : 0;
    });
  });
  contest.run();

  rows.add(contest.ratio("hit, one thread's cache with TickClock, 10^3 entries; both copy the value into an optional",
                         "get", contest.best_of(copies), at_most(1.5)));
  rows.add(
      contest.ratio("the same in place; both read a word of the value", "visit", contest.best_of(finds), at_most(1.5)));
}
