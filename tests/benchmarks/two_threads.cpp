// How much more two threads get from one cache than one thread does. By the wall's time: it wants two idle processors.
#include "contest.hpp"
#include "payloads.hpp"
#include "requests.hpp"
#include "shared_caches.hpp"

using namespace benchmarks;

int main(int argc, char** argv) {
  Rows rows(argc, argv);
  Contest contest(argc, argv);
  constexpr std::size_t entries = 1000;
  const std::vector<std::uint64_t> keys = zipf_keys(entries, 1 << 18);

  const auto add = [&](const std::string& name, const auto& get) {
    contest.add(name + " by 1 thread", keys, get)->UseRealTime();
    contest.add(name + " by 2 threads", keys, get)->UseRealTime()->Threads(2);
  };
  SharedCache cache{holding<Payloads>(entries)};
  HandWrittenCache<std::uint64_t, Payload> reference(2 * entries);
  for (const std::uint64_t key : shuffled_keys(entries)) {
    cache.put<Payloads>(key, compute(key));
    reference.put(key, compute(key));
  }
  add("get", [&cache](std::uint64_t key) { return cache.get<Payloads>(key); });
  add(hand_written, [&reference](std::uint64_t key) { return reference.get(key); });
  contest.run();

  const auto add_row = [&](const std::string& measure, const std::string& name, std::optional<Goal> goal) {
    Row row = contest.ratio(measure, name + " by 2 threads", name + " by 1 thread", goal);
    row.figure = 1 / row.figure;  // of operations per second
    rows.add(row);
  };
  add_row("operations per second of 2 threads that hit one cache, 10^3 entries", "get", at_least(1.8));
  add_row("the same of the hand-written cache with 16 shards", hand_written, {});
}
