// expect: tiercache: get_or_fetch_many hands out copies, and this tier's Key or Value cannot be copied: make the Value std::shared_ptr<const T> (a fetcher may still return a T)
#include <tiercache/tiercache.hpp>

#include <memory>
#include <span>
#include <vector>

struct Cards : tiercache::Tier<int, std::unique_ptr<int>> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  const std::vector<int> keys{1, 2};
  const auto fetch = [](std::span<const int>) { return std::vector<std::unique_ptr<int>>(); };
  static_cast<void>(cache.get_or_fetch_many<Cards>(keys, fetch).get());
}
