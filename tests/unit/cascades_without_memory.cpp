#include "allocations.hpp"
#include "catch.hpp"
#include "configs.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <cstddef>
#include <new>
#include <string>
#include <vector>

using namespace support;

namespace {

constexpr tiercache::TierPolicy for_a_minute{.ttl = std::chrono::minutes(1)};

// The keys are too long for a string's own buffer: each copy needs memory.
std::string far(const std::string& key) {
  return key + " and what comes of it, over some tiers";
}

struct Ends : tiercache::Tier<std::string, int> {
  static constexpr tiercache::TierPolicy policy = for_a_minute;
};
struct Others : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy = for_a_minute;
};
struct Middles : tiercache::Tier<std::string, int> {
  static constexpr tiercache::TierPolicy policy = for_a_minute;
  static constexpr auto also_invalidates = tiercache::cascade(
      tiercache::keys<Ends>([](const std::string& key, const int*) { return far(key); }),
      tiercache::where<Others>([](const std::string& key, int, const std::string& of) { return of == key; }));
};
struct Starts : tiercache::Tier<std::string, int> {
  static constexpr tiercache::TierPolicy policy = for_a_minute;
  static constexpr auto also_invalidates =
      tiercache::cascade(tiercache::keys<Middles>([](const std::string& key, const int*) {
        return std::vector<std::string>{far(key) + " 1", far(key) + " 2", far(key) + " 3"};
      }));
};

struct Last : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy = for_a_minute;
};
struct Second : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy = for_a_minute;
  static constexpr auto also_invalidates =
      tiercache::cascade(tiercache::keys<Last>([](int key, const int*) { return key; }));
};
struct First : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy = for_a_minute;
  static constexpr auto also_invalidates =
      tiercache::cascade(tiercache::keys<Second>([](int key, const int*) { return key; }));
};

}  // namespace

TEMPLATE_TEST_CASE("P4: an allocation that fails in a cascade leaves nothing behind that should have gone", "", Shared,
                   Local) {
  const bool is_held = GENERATE(false, true);
  const std::string start = "the key from which it starts, which is long";
  const std::ptrdiff_t live = Allocations::live;
  std::ptrdiff_t n = 0;
  for (bool has_failed = true; has_failed; ++n) {
    REQUIRE(n < 1'000);
    tiercache::BasicTieredCache<TestType, Starts, Middles, Ends, Others> cache;
    if (is_held) cache.template put<Starts>(start, 1);
    for (int i = 1; i <= 3; ++i) {
      // The second is not held, but has consequences.
      const std::string middle = far(start) + " " + std::to_string(i);
      if (i != 2) cache.template put<Middles>(middle, 1);
      cache.template put<Ends>(far(middle), 1);
      cache.template put<Others>(i, middle);
    }
    bool throws = false;
    {
      const FailingAllocation failing(n);
      try {
        cache.template invalidate<Starts>(start);
      } catch (const std::bad_alloc&) {
        throws = true;
      }
      has_failed = FailingAllocation::has_failed();
    }
    REQUIRE(throws == has_failed);
    REQUIRE(cache.template size<Starts>() == 0);
    REQUIRE(cache.template size<Middles>() == 0);
    REQUIRE(cache.template size<Ends>() == 0);
    REQUIRE(cache.template size<Others>() == 0);
  }
  CHECK(n > 5);
  CHECK(Allocations::live == live);
}

TEMPLATE_TEST_CASE("a cascade by one key asks for no memory of its own", "", Shared, Local) {
  tiercache::BasicTieredCache<TestType, First, Second, Last> cache;
  cache.template put<Last>(7, 1);
  const std::size_t before = Allocations::count;
  const std::size_t dropped = cache.template invalidate<First>(7);
  const std::size_t asked = Allocations::count - before;
  CHECK(dropped == 1);
  CHECK(asked == 0);
}
