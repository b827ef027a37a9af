// expect: tiercache: the configuration's clock has no static now() that returns a tiercache::TimePoint
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
struct Config {
  struct clock {};
  using threading = tiercache::SingleThreaded;
};

static_assert(sizeof(tiercache::BasicTieredCache<Config, Cards>) > 0);
