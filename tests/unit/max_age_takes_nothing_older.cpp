#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "running.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <string>

using namespace support;
using namespace std::chrono_literals;

namespace {

struct Cards : tiercache::Tier<std::string, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 4};
};

}  // namespace

TEMPLATE_TEST_CASE("max_age: what is as old as that is a miss, for this call only", "", Shared, Local) {
  tiercache::ManualClock::reset();
  tiercache::BasicTieredCache<TestType, Cards> cache;
  int fetched = 0;
  const auto fetch = [&fetched] { return ++fetched; };
  CHECK(cache.template get_or_fetch<Cards>("a", fetch).get() == 1);
  tiercache::ManualClock::advance(2s);
  CHECK(cache.template get_or_fetch<Cards>("a", fetch).max_age(2001ms).get() == 1);
  CHECK(cache.template get_or_fetch<Cards>("a", fetch).max_age(2s).get() == 2);
  CHECK(cache.template get_or_fetch<Cards>("a", fetch).get() == 2);
  CHECK(cache.template get_or_fetch<Cards>("a", fetch).max_age(tiercache::forever).get() == 2);
  CHECK(cache.template get_or_fetch<Cards>("a", fetch).max_age(std::chrono::hours::max()).get() == 2);
  const auto stats = cache.template stats<Cards>();
  CHECK(stats.hits == 4);
  CHECK(stats.misses == 2);
  CHECK(stats.inserts == 1);
  CHECK(stats.updates == 1);
  tiercache::ManualClock::advance(1min);
  CHECK(cache.template get_or_fetch<Cards>("a", fetch).max_age(tiercache::forever).get() == 3);
}

TEST_CASE("max_age: zero or less always fetches") {
  tiercache::ManualClock::reset();
  tiercache::BasicTieredCache<Shared, Cards> cache;
  int fetched = 0;
  const auto fetch = [&fetched] { return ++fetched; };
  CHECK(cache.get_or_fetch<Cards>("a", fetch).max_age(0s).get() == 1);
  CHECK(cache.get_or_fetch<Cards>("a", fetch).max_age(0s).get() == 2);
  CHECK(cache.get_or_fetch<Cards>("a", fetch).max_age(-1h).get() == 3);
  CHECK(cache.get<Cards>("a") == 3);
}

TEST_CASE("max_age: a fetch that is under way is joined, and others are served meanwhile") {
  tiercache::ManualClock::reset();
  tiercache::BasicTieredCache<Shared, Cards> cache;
  ManualFetch<int> event;
  cache.put<Cards>("a", 1);
  tiercache::ManualClock::advance(2s);
  const auto picky = [&]() -> Running<int> { co_return co_await cache.get_or_fetch<Cards>("a", event).max_age(1s); };
  const auto first = picky();
  const auto second = picky();
  CHECK(ask<Cards>(cache, "a", event).get() == 1);
  CHECK(cache.get<Cards>("a") == 1);
  CHECK(event.started() == 1);
  event.complete(2);
  CHECK(first.get() == 2);
  CHECK(second.get() == 2);
  CHECK(cache.get<Cards>("a") == 2);
}

TEST_CASE("max_age: a fetch that fails leaves the older value to the others") {
  tiercache::ManualClock::reset();
  tiercache::BasicTieredCache<Shared, Cards> cache;
  cache.put<Cards>("a", 1);
  const auto fail = []() -> int { throw std::runtime_error("no"); };
  CHECK_THROWS_WITH(cache.get_or_fetch<Cards>("a", fail).max_age(0s).get(), "no");
  CHECK(cache.get<Cards>("a") == 1);
}

TEST_CASE("max_age: what was too old takes the place of a failure where the policy has that") {
  tiercache::ManualClock::reset();
  tiercache::BasicTieredCache<Shared, Cards> cache(
      tiercache::with<Cards>({.ttl = 1min, .stale_if_error = 1min, .capacity = 4}));
  cache.put<Cards>("a", 1);
  const auto fail = []() -> int { throw std::runtime_error("no"); };
  CHECK(cache.get_or_fetch<Cards>("a", fail).max_age(0s).get() == 1);
  tiercache::ManualClock::advance(1min);
  CHECK(cache.get_or_fetch<Cards>("a", fail).max_age(0s).get() == 1);
  tiercache::ManualClock::advance(1min);
  CHECK_THROWS_WITH(cache.get_or_fetch<Cards>("a", fail).max_age(0s).get(), "no");
}

TEST_CASE("max_age: what is known not to exist is asked for again as well") {
  tiercache::ManualClock::reset();
  tiercache::BasicTieredCache<Shared, Cards> cache(
      tiercache::with<Cards>({.ttl = 1min, .not_found_ttl = 1min, .capacity = 4}));
  int fetched = 0;
  const auto fetch = [&fetched]() -> std::optional<int> {
    ++fetched;
    return std::nullopt;
  };
  CHECK(!cache.get_or_fetch<Cards>("a", fetch).get());
  tiercache::ManualClock::advance(2s);
  CHECK(!cache.get_or_fetch<Cards>("a", fetch).max_age(3s).get());
  CHECK(fetched == 1);
  CHECK(!cache.get_or_fetch<Cards>("a", fetch).max_age(1s).get());
  CHECK(fetched == 2);
}
