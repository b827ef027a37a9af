// expect: tiercache: peek returns a copy, and this tier's Value cannot be copied: make it std::shared_ptr<const T>, or read it in place with visit<T>(key, function)
#include <tiercache/tiercache.hpp>

#include <memory>

struct Files : tiercache::Tier<int, std::unique_ptr<int>> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Files>& cache) {
  static_cast<void>(cache.peek<Files>(7));
}
