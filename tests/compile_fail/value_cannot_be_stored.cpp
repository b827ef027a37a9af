// expect: tiercache: this tier's Value cannot be stored: give a movable object type that is not const, or hold it as std::shared_ptr<const T>
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, const std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::seconds(1)};
};

static_assert(sizeof(tiercache::TieredCache<Cards>) > 0);
