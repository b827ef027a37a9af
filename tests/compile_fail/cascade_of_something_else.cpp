// expect: tiercache: this tier's also_invalidates is no cascade; write static constexpr auto also_invalidates = tiercache::cascade(tiercache::whole<Boards>, ...);
#include <tiercache/tiercache.hpp>

#include <string>

struct Boards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
  static constexpr auto also_invalidates = tiercache::whole<Boards>;
};

tiercache::TieredCache<Boards, Cards> cache;
