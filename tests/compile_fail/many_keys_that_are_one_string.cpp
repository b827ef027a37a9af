// expect: tiercache: get_or_fetch_many wants a range of keys; for one key there is get_or_fetch
#include <tiercache/tiercache.hpp>

#include <span>
#include <string>
#include <vector>

struct Cards : tiercache::Tier<std::string, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  const auto fetch = [](std::span<const std::string>) { return std::vector<int>(); };
  static_cast<void>(cache.get_or_fetch_many<Cards>("a key", fetch).get());
}
