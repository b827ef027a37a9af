// expect: tiercache: std::hash does not know this tier's key; specialise it, or write using hash = ...; in the tier
#include <tiercache/tiercache.hpp>

#include <string>

struct Id {
  int number;
  friend bool operator==(Id, Id) = default;
};
struct Cards : tiercache::Tier<Id, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::seconds(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  cache.invalidate<Cards>(Id{7});
}

static_assert(sizeof(tiercache::TieredCache<Cards>) > 0);
