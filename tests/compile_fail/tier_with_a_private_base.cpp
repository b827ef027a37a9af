// expect: tiercache: a tier is a type that derives publicly from tiercache::Tier<Key, Value>; write struct Cards : tiercache::Tier<std::string, Card> { ... };
#include <tiercache/tiercache.hpp>

#include <string>

class Cards : tiercache::Tier<int, std::string> {
 public:
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

static_assert(sizeof(tiercache::TieredCache<Cards>) > 0);
