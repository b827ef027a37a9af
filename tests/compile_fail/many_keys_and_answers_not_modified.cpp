// expect: tiercache: the answers of this fetcher for many keys do not fit the tier: return a range of pairs of a key and its answer, a map, or as many answers as there are keys, in their order; each a Value, a CacheEntry<Value>, or a std::optional of one
#include <tiercache/tiercache.hpp>

#include <map>
#include <span>
#include <vector>

struct Cards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  const std::vector<int> keys{1, 2};
  const auto fetch = [](std::span<const int>) { return std::map<int, tiercache::Refetched<int>>(); };
  static_cast<void>(cache.get_or_fetch_many<Cards>(keys, fetch).get());
}
