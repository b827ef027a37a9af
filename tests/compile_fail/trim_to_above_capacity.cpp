// expect: tiercache: this tier's policy has a trim_to above its capacity; give at most the capacity
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::seconds(1), .capacity = 50, .trim_to = 100};
};

static_assert(sizeof(tiercache::TieredCache<Cards>) > 0);
