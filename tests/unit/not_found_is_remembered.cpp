#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::ManualClock;
using tiercache::RemovalCause;

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .not_found_ttl = 10s, .capacity = 3};
  using eviction = tiercache::OldestFirst;
};
struct Forgetful : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
struct Motto : tiercache::Tier<tiercache::Unkeyed, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .not_found_ttl = 10s};
};

// Counts how often it is asked, and finds nothing.
struct Nothing {
  int asked = 0;
  std::optional<std::string> operator()() {
    ++asked;
    return std::nullopt;
  }
};

}  // namespace

TEST_CASE("\"There is none\" is remembered for not_found_ttl and no longer") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  Nothing nothing;
  CHECK_FALSE(cache.get_or_fetch<Cards>(1, nothing).get());
  CHECK_FALSE(cache.get_or_fetch<Cards>(1, nothing).get());
  CHECK(nothing.asked == 1);
  ManualClock::advance(10s - 1ns);
  CHECK_FALSE(cache.get_or_fetch<Cards>(1, nothing).get());
  CHECK(nothing.asked == 1);
  ManualClock::advance(1ns);
  CHECK_FALSE(cache.get_or_fetch<Cards>(1, nothing).get());
  CHECK(nothing.asked == 2);
}

TEST_CASE("A lookup that is answered \"there is none\" is a hit, and counted as such") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  Nothing nothing;
  CHECK_FALSE(cache.get_or_fetch<Cards>(1, nothing).get());
  CHECK(cache.stats<Cards>().not_found_hits == 0);
  CHECK(cache.stats<Cards>().misses == 1);
  CHECK(cache.stats<Cards>().inserts == 1);
  CHECK(cache.stats<Cards>().entries == 1);

  CHECK_FALSE(cache.get<Cards>(1));
  CHECK_FALSE(cache.visit<Cards>(1, [](const std::string&) { FAIL("there is no value to visit"); }));
  CHECK_FALSE(cache.get_or_fetch<Cards>(1, nothing).get());
  CHECK(cache.stats<Cards>().not_found_hits == 3);
  CHECK(cache.stats<Cards>().hits == 3);
  CHECK(cache.stats<Cards>().misses == 1);

  ManualClock::advance(10s);
  CHECK_FALSE(cache.get<Cards>(1));
  CHECK(cache.stats<Cards>().not_found_hits == 3);
  CHECK(cache.stats<Cards>().lookups_without_fetch == 1);
}

TEST_CASE("Asking does not make \"there is none\" last longer") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  Nothing nothing;
  for (int second = 0; second < 10; ++second) {
    CHECK_FALSE(cache.get_or_fetch<Cards>(1, nothing).get());
    CHECK_FALSE(cache.get<Cards>(1));
    ManualClock::advance(1s);
  }
  CHECK(nothing.asked == 1);
  CHECK(cache.get_or_fetch<Cards>(1, [] { return std::optional<std::string>("found"); }).get() == "found");
}

TEST_CASE("A fetcher that cannot say \"there is none\" fetches for itself") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  CHECK_FALSE(cache.get_or_fetch<Cards>(1, Nothing()).get());
  CHECK(cache.get_or_fetch<Cards>(1, [] { return "found"; }).get() == "found");
  // And what it found counts for everybody.
  Nothing nothing;
  CHECK(cache.get_or_fetch<Cards>(1, nothing).get() == "found");
  CHECK(nothing.asked == 0);
  CHECK(cache.get<Cards>(1) == "found");
  CHECK(cache.stats<Cards>().updates == 1);
  CHECK(cache.size<Cards>() == 1);
}

TEST_CASE("By default \"there is none\" is not remembered, and what was stale is dropped") {
  ManualClock::reset();
  ManualCache<Forgetful> cache;
  Nothing nothing;
  CHECK_FALSE(cache.get_or_fetch<Forgetful>(1, nothing).get());
  CHECK_FALSE(cache.get_or_fetch<Forgetful>(1, nothing).get());
  CHECK(nothing.asked == 2);
  CHECK(cache.size<Forgetful>() == 0);
  cache.put<Forgetful>(1, "one");
  CHECK(cache.get_or_fetch<Forgetful>(1, nothing).get() == "one");
  ManualClock::advance(1min);
  CHECK_FALSE(cache.get_or_fetch<Forgetful>(1, nothing).get());
  CHECK_FALSE(cache.peek<Forgetful>(1));
  CHECK(cache.stats<Forgetful>().store_failures == 0);
  CHECK(cache.stats<Forgetful>().expirations == 1);
}

TEST_CASE("A failure is never remembered as \"there is none\"") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  const auto failing = []() -> std::optional<std::string> { throw std::runtime_error("no connection"); };
  CHECK_THROWS_AS(cache.get_or_fetch<Cards>(1, failing).get(), std::runtime_error);
  CHECK(cache.size<Cards>() == 0);
  Nothing nothing;
  CHECK_FALSE(cache.get_or_fetch<Cards>(1, nothing).get());
  CHECK(nothing.asked == 1);
}

TEST_CASE("\"There is none\" takes a place in the tier, and leaves it unnoticed by listener and peek") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  int removals = 0;
  cache.on_removal<Cards>([&removals](int, const std::string&, RemovalCause) { ++removals; });
  for (int key = 1; key <= 4; ++key) CHECK_FALSE(cache.get_or_fetch<Cards>(key, Nothing()).get());
  CHECK(cache.size<Cards>() == 3);
  CHECK_FALSE(cache.peek<Cards>(4));
  CHECK(cache.stats<Cards>().evictions == 1);
  CHECK(cache.invalidate<Cards>(4) == 1);
  CHECK(cache.trim<Cards>(1) == 1);
  cache.put<Cards>(3, "found");
  CHECK(cache.stats<Cards>().updates == 1);
  CHECK(removals == 0);
}

TEST_CASE("Every invalidation forgets \"there is none\" as well") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  Nothing nothing;
  CHECK_FALSE(cache.get_or_fetch<Cards>(1, nothing).get());
  SECTION("by key") {
    CHECK(cache.invalidate<Cards>(1) == 1);
  }
  SECTION("by tier") {
    CHECK(cache.invalidate<Cards>() == 1);
  }
  SECTION("by a predicate, which might mean it") {
    CHECK(cache.invalidate_if<Cards>([](int, const std::string&) { return false; }) == 1);
  }
  SECTION("clear") {
    CHECK(cache.clear() == 1);
  }
  SECTION("put") {
    cache.put<Cards>(1, "one", 0s);
  }
  CHECK_FALSE(cache.get_or_fetch<Cards>(1, nothing).get());
  CHECK(nothing.asked == 2);
}

TEST_CASE("An unkeyed tier remembers that there is none") {
  ManualClock::reset();
  ManualCache<Motto> cache;
  Nothing nothing;
  CHECK_FALSE(cache.get_or_fetch<Motto>(nothing).get());
  CHECK_FALSE(cache.get_or_fetch<Motto>(nothing).get());
  CHECK(nothing.asked == 1);
  CHECK_FALSE(cache.get<Motto>());
  CHECK(cache.stats<Motto>().not_found_hits == 2);
}

TEST_CASE("\"There is none\" is remembered from its own fetch on, whatever times the one before gave its value") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  const auto long_ago = ManualClock::now();
  ManualClock::advance(1h);
  const auto dated = [long_ago] { return tiercache::CacheEntry<std::string>{.value = "old", .stored_at = long_ago}; };
  static_cast<void>(cache.get_or_fetch<Cards>(1, dated).get());
  Nothing nothing;
  CHECK_FALSE(cache.get_or_fetch<Cards>(2, nothing).get());
  CHECK_FALSE(cache.get_or_fetch<Cards>(2, nothing).get());
  CHECK(nothing.asked == 1);
}
