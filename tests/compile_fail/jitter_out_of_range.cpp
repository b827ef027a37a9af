// expect: tiercache: this tier's policy has a jitter outside 0..1; give a fraction, not percent
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1), .jitter = 10};
};

tiercache::TieredCache<Cards> cache;
