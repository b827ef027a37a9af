// expect: tiercache: this tier has no public policy; make it a struct, and write static constexpr tiercache::TierPolicy policy{.ttl = 5min}; in it
#include <tiercache/tiercache.hpp>

#include <string>

class Cards : public tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

static_assert(sizeof(tiercache::TieredCache<Cards>) > 0);
