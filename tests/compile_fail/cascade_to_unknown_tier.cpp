// expect: tiercache: this tier's also_invalidates names a tier that this cache does not have; add it to its template arguments, or take it out of the cascade
#include <tiercache/tiercache.hpp>

#include <string>

struct Boards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
  static constexpr auto also_invalidates = tiercache::cascade(tiercache::whole<Boards>);
};

tiercache::TieredCache<Cards> cache;
