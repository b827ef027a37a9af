// expect: tiercache: this is no value of the tier: put takes its Value, what converts to it, or a CacheEntry of it
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  cache.put<Cards>(7, 7);
}
