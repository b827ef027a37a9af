// expect: tiercache: this tier's policy has a negative ttl; give a duration of zero or more
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::seconds(-1)};
};

static_assert(sizeof(tiercache::TieredCache<Cards>) > 0);
