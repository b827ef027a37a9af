#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <optional>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::ManualClock;
using tiercache::RemovalCause;

struct Numbers : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .stale_for = 1min, .not_found_ttl = 1min};
};

}  // namespace

TEST_CASE(
    "What takes the place of an entry that was of use, fresh or stale, has Replaced it; of one that was not, it has "
    "Expired") {
  ManualClock::reset();
  tiercache::TierPolicy policy = Numbers::policy;
  const bool is_none_remembered = GENERATE(true, false);
  if (!is_none_remembered) policy.not_found_ttl = {};
  ManualCache<Numbers> cache{tiercache::with<Numbers>(policy)};
  std::vector<RemovalCause> causes;
  cache.on_removal<Numbers>([&](int, int, RemovalCause cause) { causes.push_back(cause); });
  const auto fetch_none = [] { return std::optional<int>(); };
  const RemovalCause by_none = is_none_remembered ? RemovalCause::Replaced : RemovalCause::Expired;

  cache.put<Numbers>(1, 1);
  SECTION("a value, by a value") {
    ManualClock::advance(90s);
    cache.put<Numbers>(1, 2);
    CHECK(causes == std::vector{RemovalCause::Replaced});
  }
  SECTION("a value, by \"there is none\", if that is remembered") {
    ManualClock::advance(90s);
    CHECK_FALSE(cache.get_or_fetch<Numbers>(1, fetch_none).get());
    CHECK(causes == std::vector{by_none});
  }
  SECTION("a value that was not of use any more") {
    ManualClock::advance(120s);
    cache.put<Numbers>(1, 2);
    CHECK(causes == std::vector{RemovalCause::Expired});
  }
}
