#include "catch.hpp"
#include "checked_threading.hpp"

#include <cstddef>
#include <functional>
#include <stdexcept>

namespace {

using namespace std::chrono_literals;
using support::CheckedThreading;
using tiercache::ManualClock;

int held_at_destruction = 0;
int comparisons_until_throw = 0;

struct ComparisonFailed {
  ComparisonFailed() = default;
  ComparisonFailed(const ComparisonFailed&) = default;
  ~ComparisonFailed() { held_at_destruction += CheckedThreading::Mutex::held; }
};

struct ThrowingEqual {
  bool operator()(int left, int right) const {
    if (comparisons_until_throw > 0 && --comparisons_until_throw == 0) throw ComparisonFailed();
    return left == right;
  }
};

struct Cards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1s};
  using hash = std::hash<int>;
  using equal = ThrowingEqual;
};

struct CheckedConfig {
  using clock = ManualClock;
  using threading = CheckedThreading;
};

}  // namespace

TEST_CASE("P6: what a comparison throws while a value is stored is destroyed with no lock held") {
  ManualClock::reset();
  tiercache::BasicTieredCache<CheckedConfig, Cards> cache;
  cache.put<Cards>(1, 10);
  ManualClock::advance(2s);
  held_at_destruction = 0;
  const auto fetch = [] {
    comparisons_until_throw = 1;
    return 11;
  };
  CHECK(cache.get_or_fetch<Cards>(1, fetch).get() == 11);
  CHECK(held_at_destruction == 0);
  CHECK(cache.stats<Cards>().store_failures == 1);
  CHECK(cache.get_or_fetch<Cards>(1, [] { return 12; }).get() == 12);
}

TEST_CASE("P6: so is what one throws while the old value is looked for in place of a failure") {
  ManualClock::reset();
  tiercache::BasicTieredCache<CheckedConfig, Cards> cache(tiercache::with<Cards>({.ttl = 1s, .stale_if_error = 1min}));
  cache.put<Cards>(1, 10);
  ManualClock::advance(2s);
  held_at_destruction = 0;
  const auto fetch = []() -> int {
    comparisons_until_throw = 1;
    throw std::runtime_error("no");
  };
  CHECK_THROWS_WITH(cache.get_or_fetch<Cards>(1, fetch).get(), "no");
  CHECK(comparisons_until_throw == 0);
  CHECK(held_at_destruction == 0);
}
