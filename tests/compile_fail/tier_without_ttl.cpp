// expect: tiercache: this tier's policy has no ttl; write policy{.ttl = 5min}, or .ttl = tiercache::forever
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.capacity = 100};
};

static_assert(sizeof(tiercache::TieredCache<Cards>) > 0);
