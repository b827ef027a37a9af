// expect: tiercache: this tier is Unkeyed, and has no many keys: get_or_fetch<T>(fetcher)
#include <tiercache/tiercache.hpp>

#include <string>
#include <vector>

struct Cards : tiercache::Tier<tiercache::Unkeyed, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  const std::vector<int> keys{1, 2};
  const auto fetch = [] { return std::vector<std::string>(); };
  static_cast<void>(cache.get_or_fetch_many<Cards>(keys, fetch).get());
}
