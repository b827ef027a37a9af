// expect: tiercache: this tier's name does not fit: make it public, static constexpr std::string_view name = ...;
#include <tiercache/tiercache.hpp>

#include <string>
#include <string_view>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
  std::string_view name = "cards";
};

static_assert(sizeof(tiercache::TieredCache<Cards>) > 0);
