#include "ask.hpp"
#include "at_its_end.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "running.hpp"
#include "task.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <coroutine>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>

using namespace support;

namespace {

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1), .capacity = 4};
};

template <class Cache, class F>
Running<std::string> ask_until(Cache& cache, F& fetcher, std::stop_token token) {
  co_return co_await cache.template get_or_fetch<Cards>("a", fetcher).stop_on(token);
}
template <class Cache>
Running<std::string> ask_owned_until(Cache& cache, ManualFetch<std::string>& event, std::stop_token token) {
  const auto fetch = [&event] { return event(); };
  co_return co_await cache.template get_or_fetch<Cards>("a", tiercache::owned(fetch)).stop_on(token);
}

/// A function for resume_on that requests a stop while it is copied for a second wait: the first one is over then.
class StopsWhenCopiedAgain {
 public:
  explicit StopsWhenCopiedAgain(std::stop_source& stop) : stop_(&stop) {}
  StopsWhenCopiedAgain(const StopsWhenCopiedAgain& other) : stop_(other.stop_), is_copied_(true) {
    if (other.is_copied_) stop_->request_stop();
  }
  StopsWhenCopiedAgain& operator=(const StopsWhenCopiedAgain&) = delete;
  template <class Job>
  void operator()(Job job) const {
    job();
  }

 private:
  std::stop_source* stop_;
  bool is_copied_ = false;
};

template <class Cache, class Post>
Running<std::string> ask_through(Cache& cache, ManualFetch<std::string>& event, std::stop_token token,
                                 const Post& post) {
  const auto fetch = [&event] { return event(); };
  co_return co_await cache.template get_or_fetch<Cards>("a", tiercache::owned(fetch)).stop_on(token).resume_on(post);
}

}  // namespace

TEMPLATE_TEST_CASE("P5: a waiter that is told to stop leaves at once, and leaves the others alone", "", Shared, Local) {
  tiercache::BasicTieredCache<TestType, Cards> cache;
  ManualFetch<std::string> event;
  std::stop_source stop;
  const auto leader = ask<Cards>(cache, "a", event);
  const auto waiter = ask_until(cache, event, stop.get_token());
  const auto other = ask<Cards>(cache, "a", event);
  stop.request_stop();
  CHECK(waiter.is_done());
  CHECK_THROWS_AS(waiter.get(), tiercache::fetch_abandoned);
  CHECK(!leader.is_done());
  CHECK(event.running() == 1);
  event.complete("value");
  CHECK(leader.get() == "value");
  CHECK(other.get() == "value");
  const auto stats = cache.template stats<Cards>();
  CHECK(stats.misses == stats.fetches_led + stats.fetches_joined + stats.lookups_without_fetch);
}

TEST_CASE("P5: one who was told before does not begin to wait, nor to fetch; a hit is a hit") {
  tiercache::BasicTieredCache<Shared, Cards> cache;
  ManualFetch<std::string> event;
  std::stop_source stop;
  stop.request_stop();
  const auto leader = ask_until(cache, event, stop.get_token());
  CHECK_THROWS_AS(leader.get(), tiercache::fetch_abandoned);
  CHECK(event.started() == 0);
  CHECK(cache.stats<Cards>().in_flight == 0);
  CHECK(cache.stats<Cards>().lookups_without_fetch == 1);
  CHECK(cache.stats<Cards>().lookups == 1);
  cache.put<Cards>("a", "stored");
  CHECK(ask_until(cache, event, stop.get_token()).get() == "stored");
}

TEST_CASE("a stop that comes after the answer, or never, changes nothing") {
  tiercache::BasicTieredCache<Shared, Cards> cache;
  ManualFetch<std::string> event;
  std::stop_source stop;
  const auto leader = ask_until(cache, event, stop.get_token());
  const auto waiter = ask_until(cache, event, stop.get_token());
  const auto never = ask_until(cache, event, std::stop_token());
  event.complete("value");
  stop.request_stop();
  CHECK(leader.get() == "value");
  CHECK(waiter.get() == "value");
  CHECK(never.get() == "value");
}

TEST_CASE("P5: a leader that is told to stop waits for its fetch, and a failure is nobody else's") {
  tiercache::BasicTieredCache<Shared, Cards> cache;
  ManualFetch<std::string> event;
  std::stop_source stop;
  auto leader = ask_until(cache, event, stop.get_token());
  const auto waiter = ask<Cards>(cache, "a", event);
  stop.request_stop();
  CHECK(!leader.is_done());
  SECTION("when the fetch fails") {
    event.fail(std::runtime_error("cancelled"));
    CHECK_THROWS_AS(leader.get(), tiercache::fetch_abandoned);
    CHECK(event.started() == 2);
    event.complete("second");
    CHECK(waiter.get() == "second");
  }
  SECTION("when the fetch succeeds") {
    event.complete("first");
    CHECK(leader.get() == "first");
    CHECK(waiter.get() == "first");
  }
  SECTION("when it is destroyed meanwhile") {
    leader.leave();
    CHECK(event.destroyed() == 1);
    event.complete("second");
    CHECK(waiter.get() == "second");
  }
  CHECK(cache.stats<Cards>().in_flight == 0);
}

TEST_CASE("P5: one who asks after all were told to stop does not get to know of it") {
  tiercache::BasicTieredCache<Shared, Cards> cache;
  ManualFetch<std::string> event;
  std::stop_source stop;
  const auto leader = ask_until(cache, event, stop.get_token());
  const auto waiter = ask_until(cache, event, stop.get_token());
  stop.request_stop();
  const auto late = ask<Cards>(cache, "a", event);
  event.fail(std::runtime_error("cancelled"));
  CHECK_THROWS_AS(leader.get(), tiercache::fetch_abandoned);
  CHECK_THROWS_AS(waiter.get(), tiercache::fetch_abandoned);
  CHECK_FALSE(late.is_done());
  CHECK(event.started() == 2);
  event.complete("value");
  CHECK(late.get() == "value");
}

TEST_CASE("P5: a leader whose fetch fails at once after the stop passes on what it led") {
  tiercache::BasicTieredCache<Shared, Cards> cache;
  std::stop_source stop;
  const auto fetch = [&]() -> std::string {
    stop.request_stop();
    throw std::runtime_error("cancelled");
  };
  CHECK_THROWS_AS(ask_until(cache, fetch, stop.get_token()).get(), tiercache::fetch_abandoned);
  CHECK(cache.stats<Cards>().in_flight == 0);
  stop = std::stop_source();
  CHECK_THROWS_AS(cache.get_or_fetch<Cards>("a", fetch).stop_on(stop.get_token()).get(), tiercache::fetch_abandoned);
  CHECK(cache.stats<Cards>().in_flight == 0);
}

TEST_CASE("P5: whoever leads an owned fetch leaves it at once") {
  tiercache::BasicTieredCache<Shared, Cards> cache;
  ManualFetch<std::string> event;
  std::stop_source stop;
  const auto leader = ask_owned_until(cache, event, stop.get_token());
  const auto waiter = ask<Cards>(cache, "a", event);
  stop.request_stop();
  CHECK_THROWS_AS(leader.get(), tiercache::fetch_abandoned);
  CHECK(event.running() == 1);
  event.complete("value");
  CHECK(waiter.get() == "value");
}

TEST_CASE("P5: who is told to stop after it came to lead waits for its own fetch") {
  tiercache::BasicTieredCache<Shared, Cards> cache;
  ManualFetch<std::string> event;
  std::stop_source stop;
  auto leader = ask<Cards>(cache, "a", event);
  const auto next = ask_until(cache, event, stop.get_token());
  leader.leave();
  CHECK(event.started() == 2);
  stop.request_stop();
  CHECK(!next.is_done());
  event.complete("value");
  CHECK(next.get() == "value");
}

TEST_CASE("P5: who comes to lead an owned fetch is not stopped while that begins") {
  tiercache::BasicTieredCache<Shared, Cards> cache;
  ManualFetch<std::string> event;
  std::stop_source stop;
  const auto fetch = [&stop](const std::string& key) {
    stop.request_stop();
    return "fetched " + key;
  };
  auto leader = ask<Cards>(cache, "a", event);
  const auto ask_owned = [&]() -> Running<std::string> {
    co_return co_await cache.get_or_fetch<Cards>("a", tiercache::owned(fetch)).stop_on(stop.get_token());
  };
  const auto next = ask_owned();
  leader.leave();
  CHECK(next.get() == "fetched a");
  CHECK(cache.get<Cards>("a") == "fetched a");
}

TEST_CASE("P5: who came to lead an owned fetch leaves it at once") {
  tiercache::BasicTieredCache<Shared, Cards> cache;
  ManualFetch<std::string> event;
  std::stop_source stop;
  auto leader = ask<Cards>(cache, "a", event);
  const auto next = ask_owned_until(cache, event, stop.get_token());
  const auto other = ask<Cards>(cache, "a", event);
  leader.leave();
  CHECK(event.started() == 2);
  stop.request_stop();
  CHECK_THROWS_AS(next.get(), tiercache::fetch_abandoned);
  CHECK(event.running() == 1);
  event.complete("value");
  CHECK(other.get() == "value");
}

TEST_CASE("P5: who is told to stop by an owned fetch that it came to lead leaves it at once") {
  tiercache::BasicTieredCache<Shared, Cards> cache;
  ManualFetch<std::string> event;
  std::stop_source stop;
  Running<std::string> next;
  const bool is_destroyed = GENERATE(false, true);
  const auto fetch = [&] {
    stop.request_stop();
    if (is_destroyed) next.leave();
    return event();
  };
  auto leader = ask<Cards>(cache, "a", event);
  const auto ask_owned = [&]() -> Running<std::string> {
    co_return co_await cache.get_or_fetch<Cards>("a", tiercache::owned(fetch)).stop_on(stop.get_token());
  };
  next = ask_owned();
  const auto other = ask<Cards>(cache, "a", event);
  leader.leave();
  if (!is_destroyed) CHECK_THROWS_AS(next.get(), tiercache::fetch_abandoned);
  event.complete("value");
  CHECK(other.get() == "value");
}

TEST_CASE("P3: who is told to stop as it comes to lead is still resumed") {
  tiercache::BasicTieredCache<Shared, Cards> cache;
  ManualFetch<std::string> event;
  std::stop_source stop;
  const StopsWhenCopiedAgain post(stop);
  auto leader = ask<Cards>(cache, "a", event);
  const auto next = ask_through(cache, event, stop.get_token(), post);
  leader.leave();
  CHECK(stop.stop_requested());
  // As soon as the fetch uses nothing of its any more.
  CHECK(next.is_done());
  CHECK(event.running() == 1);
  event.complete("value");
}

TEST_CASE("P3: who gives up among those who come to lead finds the key free") {
  tiercache::BasicTieredCache<Shared, Cards> cache;
  ManualFetch<std::string> event;
  std::stop_source stop;
  std::stop_source own;
  const auto give_up = [&own]() -> std::string {
    own.request_stop();
    throw std::runtime_error("told to stop");
  };
  std::string again;
  const auto ask_again = [&]() -> Running<bool> {
    try {
      static_cast<void>(co_await cache.get_or_fetch<Cards>("a", give_up).stop_on(own.get_token()));
    } catch (const tiercache::fetch_abandoned&) {
      again = cache.get_or_fetch<Cards>("a", [] { return std::string("at once"); }).get();
    }
    co_return true;
  };
  const auto leader = ask_until(cache, event, stop.get_token());
  const auto next = ask_again();
  stop.request_stop();
  event.fail(std::runtime_error("told to stop"));
  CHECK_THROWS_AS(leader.get(), tiercache::fetch_abandoned);
  CHECK(again == "at once");
}

TEST_CASE("P5: all waiters may stop by one token, and one may destroy the next as it is resumed") {
  tiercache::BasicTieredCache<Shared, Cards> cache;
  ManualFetch<std::string> event;
  std::stop_source stop;
  auto leader = ask<Cards>(cache, "a", event);
  Running<std::string> second;
  const auto destroyer = [&]() -> Running<std::string> {
    std::string answer = "stopped";
    try {
      answer = co_await cache.get_or_fetch<Cards>("a", event).stop_on(stop.get_token());
    } catch (const tiercache::fetch_abandoned&) {
      second.leave();
      leader.leave();
    }
    co_return answer;
  };
  const auto first = destroyer();
  second = ask_until(cache, event, stop.get_token());
  stop.request_stop();
  CHECK(first.get() == "stopped");
  CHECK(event.destroyed() == 1);
  CHECK(cache.stats<Cards>().in_flight == 0);
}

TEST_CASE("P12: who waits after the cache is gone can still be told to stop") {
  ManualFetch<std::string> event;
  std::stop_source stop;
  auto cache = std::make_unique<tiercache::BasicTieredCache<Shared, Cards>>();
  const auto leader = ask<Cards>(*cache, "a", event);
  const auto waiter = ask_until(*cache, event, stop.get_token());
  cache.reset();
  stop.request_stop();
  CHECK_THROWS_AS(waiter.get(), tiercache::fetch_abandoned);
  event.complete("value");
  CHECK(leader.get() == "value");
}

// As a coroutine goes through it, with something in between.
TEMPLATE_TEST_CASE("P3, P5: what comes after a lookup found a fetch, and before it waits for that, is not lost", "",
                   Shared, Local) {
  tiercache::BasicTieredCache<TestType, Cards> cache;
  ManualFetch<std::string> event;
  std::stop_source stop;
  const auto leader = ask<Cards>(cache, "a", event);
  auto lookup = cache.template get_or_fetch<Cards>("a", event).stop_on(stop.get_token());
  auto awaiter = lookup.operator co_await();
  REQUIRE_FALSE(awaiter.await_ready());
  SECTION("a stop") {
    stop.request_stop();
    CHECK_FALSE(awaiter.await_suspend(std::noop_coroutine()));
    CHECK_THROWS_AS(awaiter.await_resume(), tiercache::fetch_abandoned);
    event.complete("value");
  }
  SECTION("the answer") {
    event.complete("value");
    CHECK_FALSE(awaiter.await_suspend(std::noop_coroutine()));
    CHECK(awaiter.await_resume() == "value");
  }
  CHECK(leader.get() == "value");
}

TEMPLATE_TEST_CASE("P5: a fetch that goes with its caller may tell it to stop", "", Shared, Local) {
  tiercache::BasicTieredCache<TestType, Cards> cache;
  ManualFetch<std::string> never;
  std::stop_source stop;
  const auto fetch = [&]() -> Task<std::string> {
    const AtItsEnd guard([&stop] { stop.request_stop(); });
    std::string value = co_await never();
    co_return value;
  };
  auto leader = ask_until(cache, fetch, stop.get_token());
  leader.leave();
  CHECK(stop.stop_requested());
  CHECK(never.destroyed() == 1);
  CHECK(cache.template stats<Cards>().in_flight == 0);
}
