// expect: tiercache: this tier's eviction is no eviction policy; write using eviction = tiercache::Lru; or see the concept tiercache::EvictionPolicy
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::seconds(1)};
  using eviction = std::string;
};

static_assert(sizeof(tiercache::TieredCache<Cards>) > 0);
