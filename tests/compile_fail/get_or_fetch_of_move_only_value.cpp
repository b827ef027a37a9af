// expect: tiercache: get_or_fetch hands out copies, and this tier's Value cannot be copied: make it std::shared_ptr<const T> (a fetcher may still return a T)
#include <tiercache/tiercache.hpp>

#include <memory>

struct Files : tiercache::Tier<int, std::unique_ptr<int>> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Files>& cache) {
  const auto fetch = [] { return std::make_unique<int>(7); };
  static_cast<void>(cache.get_or_fetch<Files>(7, fetch).get());
}
