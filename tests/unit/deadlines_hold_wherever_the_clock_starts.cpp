#include "catch.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;
using tiercache::TimePoint;

/// A clock that the test sets to any point in time.
struct AnyTime {
  static TimePoint now() noexcept { return time; }
  static inline TimePoint time;
};
struct Config {
  using clock = AnyTime;
  using threading = tiercache::SingleThreaded;
};

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 20s, .not_found_ttl = 10s};
};
struct Stale : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{
      .ttl = 10s, .stale_for = 10s, .stale_if_error = 20s, .retry_after = 5s, .idle_for = 40s};
};
using Cache = tiercache::BasicTieredCache<Config, Cards, Stale>;

/// Where time begins: for all of these there are 60 s left at least, before it ends.
void start_somewhere() {
  AnyTime::time = GENERATE((TimePoint::min)(), (TimePoint::min)() + 60s, TimePoint(-30s), TimePoint(-1ns), TimePoint(),
                           TimePoint(1ns), (TimePoint::max)() - 60s);
}

}  // namespace

TEST_CASE("P8: a value is fresh until its deadline and not at it, wherever the clock starts") {
  start_somewhere();
  CAPTURE(AnyTime::time.time_since_epoch().count());
  Cache cache;
  cache.put<Cards>(1, "for 20 s");
  cache.put<Cards>(2, "for 5 s", 5s);
  cache.put<Cards>(3, "for an hour", 1h);
  cache.put<Cards>(4, "for ever", tiercache::forever);
  cache.put<Cards>(5, "for nothing", 0s);
  const auto none = []() -> std::optional<std::string> { return std::nullopt; };
  CHECK_FALSE(cache.get_or_fetch<Cards>(6, none).get());
  const auto are_fresh = [&](bool first, bool second) {
    CHECK(cache.get<Cards>(1).has_value() == first);
    CHECK(cache.get<Cards>(2).has_value() == second);
    CHECK(cache.get<Cards>(3));
    CHECK(cache.get<Cards>(4));
    CHECK_FALSE(cache.get<Cards>(5));
  };
  are_fresh(true, true);
  AnyTime::time += 5s - 1ns;
  are_fresh(true, true);
  AnyTime::time += 1ns;
  are_fresh(true, false);
  AnyTime::time += 5s - 1ns;
  CHECK_FALSE(cache.get_or_fetch<Cards>(6, none).get());
  CHECK(cache.stats<Cards>().fetches_led == 1);
  AnyTime::time += 1ns;
  CHECK_FALSE(cache.get_or_fetch<Cards>(6, none).get());
  CHECK(cache.stats<Cards>().fetches_led == 2);
  AnyTime::time += 10s - 1ns;
  are_fresh(true, false);
  AnyTime::time += 1ns;
  are_fresh(false, false);
  cache.purge_expired();
  CHECK(cache.size<Cards>() == 2);
}

TEST_CASE("P8: a value is stale, kept for errors, retried and dropped in time, wherever the clock starts") {
  start_somewhere();
  CAPTURE(AnyTime::time.time_since_epoch().count());
  Cache cache;
  int calls = 0;
  const auto fail = [&calls]() -> std::string {
    ++calls;
    throw std::runtime_error("no");
  };
  const auto ask = [&] { return cache.get_or_fetch<Stale>(1, tiercache::owned(fail)).get(); };
  cache.put<Stale>(1, "old");
  cache.put<Stale>(2, "other");
  CHECK(ask() == "old");
  AnyTime::time += 10s;
  CHECK(ask() == "old");  // at once, while the refresh fails
  CHECK(calls == 1);
  AnyTime::time += 5s - 1ns;
  CHECK(ask() == "old");
  CHECK(calls == 1);
  AnyTime::time += 1ns;
  CHECK(ask() == "old");
  CHECK(calls == 2);
  AnyTime::time += 5s;
  CHECK(ask() == "old");  // for the failure
  CHECK(calls == 3);
  // A failure of one key says nothing of another.
  const auto fetch = [] { return std::string("new"); };
  CHECK(cache.get_or_fetch<Stale>(2, fetch).get() == "new");
  AnyTime::time += 20s - 1ns;
  CHECK(ask() == "old");
  CHECK(calls == 4);
  AnyTime::time += 1ns;
  CHECK_THROWS_WITH(ask(), "no");
  CHECK(cache.purge_expired() == 1);
}

TEST_CASE("max_age tells the age of a value, wherever the clock starts") {
  start_somewhere();
  CAPTURE(AnyTime::time.time_since_epoch().count());
  Cache cache;
  const auto fetch = [] { return std::string("new"); };
  cache.put<Cards>(1, "old");
  AnyTime::time += 5s;
  CHECK(cache.get_or_fetch<Cards>(1, fetch).max_age(tiercache::forever).get() == "old");
  CHECK(cache.get_or_fetch<Cards>(1, fetch).max_age(5s + 1ns).get() == "old");
  CHECK(cache.get_or_fetch<Cards>(1, fetch).max_age(5s).get() == "new");
}
