#include "catch.hpp"
#include "configs.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <stdexcept>
#include <string>

using namespace support;
using namespace std::chrono_literals;
using tiercache::ManualClock;

namespace {

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 60s, .idle_for = 10s};
};

}  // namespace

TEMPLATE_TEST_CASE("idle_for: what is not read for so long is gone; what is read lives to its deadline", "", Shared,
                   Local) {
  ManualClock::reset();
  tiercache::BasicTieredCache<TestType, Cards> cache;
  cache.template put<Cards>(1, "read");
  cache.template put<Cards>(2, "not read");
  cache.template put<Cards>(3, "peeked at");
  for (int second = 0; second < 9; ++second) {
    ManualClock::advance(1s);
    CHECK(cache.template get<Cards>(1));
    CHECK(cache.template peek<Cards>(3));
  }
  ManualClock::advance(1s);
  CHECK(cache.template get<Cards>(1));
  CHECK_FALSE(cache.template get<Cards>(2));
  CHECK_FALSE(cache.template get<Cards>(3));
  CHECK(cache.template purge_expired<Cards>() == 2);
  for (int tens = 0; tens < 5; ++tens) {
    ManualClock::advance(9s);
    CHECK(cache.template visit<Cards>(1, [](const std::string&) {}));
  }
  ManualClock::advance(5s);
  CHECK_FALSE(cache.template get<Cards>(1));
  CHECK(cache.template stats<Cards>().expirations == 2);
}

TEST_CASE("idle_for: each way to read counts, and a lookup that fetches nothing") {
  ManualClock::reset();
  tiercache::BasicTieredCache<Shared, Cards> cache;
  cache.put<Cards>(1, "value");
  const auto fetch = [] { return std::string("fetched"); };
  for (int i = 0; i < 4; ++i) {
    ManualClock::advance(9s);
    CHECK(cache.get_or_fetch<Cards>(1, fetch).get() == "value");
  }
  ManualClock::advance(10s);
  CHECK(cache.get_or_fetch<Cards>(1, fetch).get() == "fetched");
}

TEST_CASE("idle_for: given at run time, it counts for what is held from then on") {
  ManualClock::reset();
  tiercache::BasicTieredCache<Shared, Cards> cache(tiercache::with<Cards>({.ttl = 1h}));
  cache.put<Cards>(1, "one");
  cache.put<Cards>(2, "two");
  ManualClock::advance(30s);
  cache.set_policy<Cards>({.ttl = 1h, .idle_for = 10s});
  ManualClock::advance(9s);
  CHECK(cache.get<Cards>(1));
  ManualClock::advance(1s);
  CHECK(cache.get<Cards>(1));
  CHECK_FALSE(cache.get<Cards>(2));
  cache.set_policy<Cards>({.ttl = 1h});
  ManualClock::advance(30s);
  CHECK(cache.get<Cards>(1));
}

TEST_CASE("idle_for: what is dropped for it is not served stale") {
  ManualClock::reset();
  tiercache::BasicTieredCache<Shared, Cards> cache(
      tiercache::with<Cards>({.ttl = 60s, .stale_for = 60s, .idle_for = 10s}));
  cache.put<Cards>(1, "old");
  ManualClock::advance(10s);
  const auto fetch = [] { return std::string("new"); };
  CHECK(cache.get_or_fetch<Cards>(1, tiercache::owned(fetch)).get() == "new");
  CHECK(cache.stats<Cards>().stale_hits == 0);
}

TEST_CASE("idle_for: an old value that is handed out in place of a failure was read then") {
  tiercache::ManualClock::reset();
  tiercache::BasicTieredCache<Shared, Cards> cache(tiercache::with<Cards>({.ttl = std::chrono::seconds(10),
                                                                           .stale_if_error = std::chrono::hours(1),
                                                                           .idle_for = std::chrono::seconds(30)}));
  cache.put<Cards>(7, "old");
  const auto fail = []() -> std::string { throw std::runtime_error("no"); };
  for (int times = 0; times < 5; ++times) {
    tiercache::ManualClock::advance(std::chrono::seconds(20));
    CHECK(cache.get_or_fetch<Cards>(7, fail).get() == "old");
  }
  tiercache::ManualClock::advance(std::chrono::seconds(30));
  CHECK_THROWS_AS(cache.get_or_fetch<Cards>(7, fail).get(), std::runtime_error);
}
