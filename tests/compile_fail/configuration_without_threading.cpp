// expect: tiercache: this configuration has no threading; write using threading = tiercache::MultiThreaded; in it
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
struct Config {
  using clock = tiercache::ManualClock;
};

static_assert(sizeof(tiercache::BasicTieredCache<Config, Cards>) > 0);
