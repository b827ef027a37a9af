// expect: tiercache: this configuration has no clock; write using clock = tiercache::CoarseClock; in it
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
struct Config {
  using threading = tiercache::SingleThreaded;
};

static_assert(sizeof(tiercache::BasicTieredCache<Config, Cards>) > 0);
