// expect: tiercache: this tier's Key has no ==; give it one, or write using equal = ...; in the tier
#include <tiercache/tiercache.hpp>

#include <cstddef>
#include <string>

struct Id {
  int number;
};
struct IdHash {
  std::size_t operator()(Id id) const { return static_cast<std::size_t>(id.number); }
};
struct Cards : tiercache::Tier<Id, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
  using hash = IdHash;
};

void use(tiercache::TieredCache<Cards>& cache) {
  cache.invalidate<Cards>(Id{7});
}
