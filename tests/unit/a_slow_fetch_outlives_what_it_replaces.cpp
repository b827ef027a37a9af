#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "task.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

using namespace support;
using namespace std::chrono_literals;
using tiercache::ManualClock;

namespace {

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 60s, .stale_for = 5s, .capacity = 4};
  using eviction = tiercache::OldestFirst;
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards>;

/// Fetches other keys, so that the memory of entries and fetches that have ended is used again.
template <class AnyCache>
void fetch_others(AnyCache& cache) {
  for (int i = 0; i < 100; ++i) {
    const std::string key = "other " + std::to_string(i);
    const auto at_once = [](const std::string& asked) { return "value of " + asked; };
    CHECK(cache.template get_or_fetch<Cards>(key, at_once).get() == "value of " + key);
  }
}

template <class AnyCache>
Running<std::string> ask_owned(AnyCache& cache, std::string key, ManualFetch<std::string>& event) {
  const auto fetch = [&event](const std::string& asked) -> Task<std::string> {
    std::string answer = asked;
    answer += ' ';
    answer += co_await event();
    co_return answer;
  };
  co_return co_await cache.template get_or_fetch<Cards>(key, tiercache::owned(fetch));
}

}  // namespace

TEMPLATE_TEST_CASE("P3: a fetch and those who wait for it outlive the entry that it was to replace", "", Shared,
                   Local) {
  ManualClock::reset();
  Cache<TestType> cache;
  ManualFetch<std::string> event;
  cache.template put<Cards>("a", "old");
  ManualClock::advance(60s);
  const auto leader = ask<Cards>(cache, "a", event);
  SECTION("and has expired in the meantime") {
    ManualClock::advance(5s);
    CHECK(cache.purge_expired() == 1);
  }
  SECTION("and was evicted") {
    fetch_others(cache);
  }
  SECTION("and was trimmed") {
    CHECK(cache.template trim<Cards>(0) == 1);
  }
  SECTION("and went for a new policy") {
    cache.template set_policy<Cards>({.ttl = 2h, .capacity = 0});
    cache.template set_policy<Cards>({.ttl = 3h});
  }
  CHECK_FALSE(cache.template peek<Cards>("a"));
  const auto waiter = ask<Cards>(cache, "a", event);
  fetch_others(cache);
  CHECK(event.started() == 1);
  event.complete("new");
  CHECK(leader.get() == "new");
  CHECK(waiter.get() == "new");
  CHECK(cache.template stats<Cards>().in_flight == 0);
  CHECK(cache.template get<Cards>("a") == "new");
}

TEMPLATE_TEST_CASE("P4: an answer that comes too late reaches nobody who asked for something else since", "", Shared,
                   Local) {
  ManualClock::reset();
  Cache<TestType> cache;
  ManualFetch<std::string> late;
  // Fetches that nobody waits for any more, nor would their answers be stored.
  for (int i = 0; i < 10; ++i) {
    auto left = ask_owned(cache, "left " + std::to_string(i), late);
  }
  cache.template invalidate<Cards>();
  ManualFetch<std::string> events[3];
  std::vector<Running<std::string>> callers;
  for (std::size_t i = 0; i < 3; ++i) callers.push_back(ask<Cards>(cache, "key " + std::to_string(i), events[i]));
  fetch_others(cache);
  while (late.running() != 0) late.complete("late");
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK_FALSE(callers[i].is_done());
    events[i].complete("answer " + std::to_string(i));
    CHECK(callers[i].get() == "answer " + std::to_string(i));
  }
  for (int i = 0; i < 10; ++i) CHECK_FALSE(cache.template peek<Cards>("left " + std::to_string(i)));
  CHECK(cache.template stats<Cards>().superseded == 10);
  CHECK(cache.template stats<Cards>().in_flight == 0);
}
