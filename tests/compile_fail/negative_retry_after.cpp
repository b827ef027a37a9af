// expect: tiercache: this tier's policy has a negative retry_after; give a duration of zero or more
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1),
                                                .retry_after = std::chrono::seconds(-1)};
};

tiercache::TieredCache<Cards> cache;
