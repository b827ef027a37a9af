// expect: tiercache: a tier is a type that derives publicly from tiercache::Tier<Key, Value>; write struct Cards : tiercache::Tier<std::string, Card> { ... };
#include <tiercache/tiercache.hpp>

struct Cards {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::seconds(1)};
};

static_assert(sizeof(tiercache::TieredCache<Cards>) > 0);
