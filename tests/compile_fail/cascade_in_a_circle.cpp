// expect: tiercache: this tier's also_invalidates comes back to the tier itself, over others or at once: a cascade must end
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards;
struct Boards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
  static constexpr auto also_invalidates = tiercache::cascade(tiercache::whole<Cards>);
};
struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
  static constexpr auto also_invalidates = tiercache::cascade(tiercache::whole<Boards>);
};

tiercache::TieredCache<Boards, Cards> cache;
