// What a request costs a cache that holds a tenth of the keys: hits, misses, evictions and the computing of what is
// missing, which takes next to nothing.
#include "contest.hpp"
#include "payloads.hpp"
#include "requests.hpp"
#include "shared_caches.hpp"

using namespace benchmarks;

namespace {

/// Asks a cache that leaves computing to its user.
template <class Cache>
Payload ask(Cache& cache, std::uint64_t key) {
  if (const auto found = cache.get(key)) return *found;
  const Payload payload = compute(key);
  cache.put(key, payload);
  return payload;
}

/// Has a cache answer all requests, and returns which part of the second half it hit, in percent.
template <class Operation>
double hit_ratio(const std::vector<std::uint64_t>& requests, const Operation& get) {
  const std::size_t half = requests.size() / 2;
  for (std::size_t i = 0; i < half; ++i) static_cast<void>(get(requests[i]));
  computed = 0;
  for (std::size_t i = half; i < requests.size(); ++i) static_cast<void>(get(requests[i]));
  return 100.0 - 100.0 * static_cast<double>(computed) / static_cast<double>(half);
}

}  // namespace

int main(int argc, char** argv) {
  Rows rows(argc, argv);
  Contest contest(argc, argv);
  constexpr std::size_t capacity = 100'000;
  const std::vector<std::uint64_t> requests = zipf_keys(10 * capacity, 1 << 22);

  std::vector<std::string> others;
  const auto add = [&](const std::string& name, const auto& get) {
    std::string label = fmt::format("{} (hits {:.1f} %)", name, hit_ratio(requests, get));
    contest.add(label, requests, get);
    return label;
  };
  SharedCache cache{holding<Payloads>(capacity)};
  const std::string subject = add("get_or_fetch().get()", [&cache](std::uint64_t key) {
    return cache.get_or_fetch<Payloads>(key, [](std::uint64_t missed) { return compute(missed); }).get();
  });
  for_each_shared_cache(capacity, [&](const std::string& name, const auto& other) {
    others.push_back(add(name, [other](std::uint64_t key) { return ask(*other, key); }));
  });
  contest.run();

  for (const std::string& other : others) {
    rows.add(contest.ratio("get or compute, 10^6 keys, capacity 10^5, 1 thread", subject, other,
                           at_most(other.starts_with(hand_written) ? 0.2 : 1)));
  }
}
