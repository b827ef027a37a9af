// expect: tiercache: this is no fetcher for many keys: give a callable that takes them as a std::span<const Key>
#include <tiercache/tiercache.hpp>

#include <string>
#include <vector>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  const std::vector<int> keys{1, 2};
  const auto fetch = [](int id) { return std::to_string(id); };
  static_cast<void>(cache.get_or_fetch_many<Cards>(keys, fetch).get());
}
