// expect: tiercache: this tier's policy has an expected_hit_rate outside 0..1; give a fraction, not percent
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::seconds(1), .expected_hit_rate = 90};
};

static_assert(sizeof(tiercache::TieredCache<Cards>) > 0);
