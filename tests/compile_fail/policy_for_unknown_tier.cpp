// expect: tiercache: with<T> names a tier that this cache does not have; add it to its template arguments
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
struct Boards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

tiercache::TieredCache<Cards> cache{tiercache::with<Boards>({.ttl = std::chrono::seconds(1)})};
