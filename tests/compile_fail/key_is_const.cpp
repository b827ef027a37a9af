// expect: tiercache: this tier's Key cannot be stored: give a movable object type that is not const
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<const std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  cache.put<Cards>("7", "a card");
}
