// expect: compiles
#include <tiercache/tiercache.hpp>

#include <memory>

struct Files : tiercache::Tier<int, std::unique_ptr<int>> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Files>& cache) {
  cache.put<Files>(7, std::make_unique<int>(7));
  cache.visit<Files>(7, [](const std::unique_ptr<int>&) {});
}
