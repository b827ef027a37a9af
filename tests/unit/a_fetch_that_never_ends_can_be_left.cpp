// There is no time limit for fetches: how long one may take is the fetcher's to say. What bounds the harm of one that
// never ends is that those who wait can be told to stop, and that its key can be taken from it.
#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "running.hpp"
#include "task.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

using namespace support;
using namespace std::chrono_literals;
using tiercache::ManualClock;

namespace {

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 60s, .stale_for = 30s};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards>;

template <class AnyCache>
Running<std::string> ask_owned(AnyCache& cache, ManualFetch<std::string>& event, std::stop_token token = {}) {
  const auto fetch = [&event] { return event(); };
  co_return co_await cache.template get_or_fetch<Cards>("a", tiercache::owned(fetch)).stop_on(token);
}

}  // namespace

TEMPLATE_TEST_CASE("P3: the key of a fetch that never ends is given back, and its late answer changes nothing", "",
                   Shared, Local) {
  ManualClock::reset();
  Cache<TestType> cache;
  ManualFetch<std::string> never;
  ManualFetch<std::string> event;
  std::stop_source stop;
  const auto leader = ask_owned(cache, never, stop.get_token());
  const auto waiter = ask_owned(cache, never, stop.get_token());
  stop.request_stop();
  CHECK_THROWS_AS(leader.get(), tiercache::fetch_abandoned);
  CHECK_THROWS_AS(waiter.get(), tiercache::fetch_abandoned);
  SECTION("by an invalidation") {
    cache.template invalidate<Cards>("a");
    const auto next = ask<Cards>(cache, "a", event);
    event.complete("value");
    CHECK(next.get() == "value");
  }
  SECTION("by a put") {
    cache.template put<Cards>("a", "value");
  }
  SECTION("by a write") {
    const auto operation = [] {};
    cache.template write<Cards>("a", operation).get();
    cache.template put<Cards>("a", "value");
  }
  CHECK(cache.template get<Cards>("a") == "value");
  never.complete("late");
  CHECK(cache.template get<Cards>("a") == "value");
  CHECK(cache.template stats<Cards>().superseded == 1);
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

TEMPLATE_TEST_CASE("stale_for: a refresh that never ends keeps nobody waiting as long as the old value is of use", "",
                   Shared, Local) {
  ManualClock::reset();
  Cache<TestType> cache;
  ManualFetch<std::string> never;
  std::stop_source stop;
  cache.template put<Cards>("a", "old");
  ManualClock::advance(60s);
  for (int second = 0; second < 30; ++second) {
    CHECK(ask_owned(cache, never).get() == "old");
    ManualClock::advance(1s);
  }
  CHECK(never.started() == 1);
  const auto late = ask_owned(cache, never, stop.get_token());
  CHECK_FALSE(late.is_done());
  stop.request_stop();
  CHECK_THROWS_AS(late.get(), tiercache::fetch_abandoned);
  never.drop();
}

TEST_CASE("P3: an executor that has stopped keeps only its own coroutines, not the answer that they fetched") {
  ManualClock::reset();
  Cache<Shared> cache;
  ManualFetch<std::string> event;
  std::vector<std::function<void()>> jobs_never_run;
  const auto ask_posted = [&]() -> Running<std::string> {
    const auto post = [&](auto job) { jobs_never_run.push_back(job); };
    co_return co_await cache.get_or_fetch<Cards>("a", event).resume_on(post);
  };
  const auto leader = ask_posted();
  const auto posted = ask_posted();
  const auto waiter = ask<Cards>(cache, "a", event);
  event.complete("value");
  CHECK(waiter.get() == "value");
  CHECK(cache.get<Cards>("a") == "value");
  CHECK(cache.stats<Cards>().in_flight == 0);
  CHECK_FALSE(leader.is_done());
  CHECK_FALSE(posted.is_done());
}

// Two fetches that ask for each other's key after both were suspended: nobody can tell that they wait for each other.
TEMPLATE_TEST_CASE("P3: fetches that wait for each other end when those who ask in them are told to stop", "", Shared,
                   Local) {
  ManualClock::reset();
  Cache<TestType> cache;
  ManualFetch<std::string> event;
  std::stop_source stop;
  const auto ask_through = [&](std::string key, std::string other) -> Running<std::string> {
    const auto fetch = [&]() -> Task<std::string> {
      std::string answer = co_await event();
      answer += co_await cache.template get_or_fetch<Cards>(other, event).stop_on(stop.get_token());
      co_return answer;
    };
    co_return co_await cache.template get_or_fetch<Cards>(key, fetch);
  };
  auto a = ask_through("a", "b");
  auto b = ask_through("b", "a");
  event.complete("");
  event.complete("");
  CHECK(event.running() == 0);
  CHECK_FALSE(a.is_done());
  CHECK_FALSE(b.is_done());
  SECTION("who is told to stop") {
    stop.request_stop();
    CHECK_THROWS_AS(a.get(), tiercache::fetch_abandoned);
    CHECK_THROWS_AS(b.get(), tiercache::fetch_abandoned);
  }
  SECTION("or one of them leaves") {
    a.leave();
    CHECK(event.started() == 3);  // what `b` asks for is its own to fetch now
    event.complete("a");
    CHECK(b.get() == "a");
  }
  CHECK(cache.template stats<Cards>().in_flight == 0);
}
