// expect: tiercache: a tier is named twice; declare a type for each kind of thing
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

static_assert(sizeof(tiercache::TieredCache<Cards, Cards>) > 0);
