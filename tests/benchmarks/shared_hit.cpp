// What a hit costs one thread in a cache that threads can share. All copy the value into an optional.
#include "contest.hpp"
#include "payloads.hpp"
#include "requests.hpp"
#include "shared_caches.hpp"

using namespace benchmarks;

namespace {

constexpr std::size_t sizes[] = {1'000, 100'000};

std::string labelled(const std::string& name, std::size_t entries) {
  return fmt::format("{} of {}", name, entries);
}

}  // namespace

int main(int argc, char** argv) {
  Rows rows(argc, argv);
  Contest contest(argc, argv);
  std::vector<std::string> caches;
  std::vector<std::string> maps;
  std::vector<std::vector<std::uint64_t>> requests;
  requests.reserve(std::size(sizes));
  for (const std::size_t entries : sizes) {
    const std::vector<std::uint64_t>& keys = requests.emplace_back(zipf_keys(entries, 1 << 18));
    const std::vector<std::uint64_t> stored = shuffled_keys(entries);
    const auto cache = std::make_shared<SharedCache>(holding<Payloads>(entries));
    for (const std::uint64_t key : stored) cache->put<Payloads>(key, compute(key));
    contest.add(labelled("get", entries), keys, [cache](std::uint64_t key) { return cache->get<Payloads>(key); });

    const auto add_other = [&](std::vector<std::string>& names, const std::string& name, const auto& other) {
      for (const std::uint64_t key : stored) other->put(key, compute(key));
      contest.add(labelled(name, entries), keys, [other](std::uint64_t key) { return other->get(key); });
      if (entries == sizes[0]) names.push_back(name);
    };
    // Twice the capacity: keys are not spread evenly over shards, and nothing must be evicted.
    for_each_shared_cache(2 * entries,
                          [&](const std::string& name, const auto& other) { add_other(caches, name, other); });
    for_each_shared_map([&](const std::string& name, const auto& other) { add_other(maps, name, other); });
  }
  contest.run();

  for (const std::size_t entries : sizes) {
    const std::string measure = fmt::format("hit, shared cache, 1 thread, {} entries", entries);
    const std::string subject = labelled("get", entries);
    for (const std::string& name : caches) {
      const Goal goal = at_most(name == hand_written ? 1.0 / 3 : 0.5);
      rows.add(contest.ratio(measure, subject, labelled(name, entries), goal));
    }
    for (const std::string& name : maps) {
      rows.add(contest.ratio(measure + ", beside a map that evicts nobody", subject, labelled(name, entries)));
    }
  }
}
