#include "ask.hpp"
#include "at_its_end.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "task.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ask;
using support::AtItsEnd;
using support::ManualFetch;
using support::Running;
using support::Task;

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards>;

TEMPLATE_TEST_CASE("P5: a waiter that leaves disturbs nobody", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  const std::size_t leaving = GENERATE(1u, 2u, 3u);
  ManualFetch<std::string> fetch;
  std::vector<Running<std::string>> callers;
  for (int i = 0; i < 4; ++i) callers.push_back(ask<Cards>(cache, "a", fetch));
  callers[leaving].leave();
  CHECK(fetch.destroyed() == 0);
  const auto late = ask<Cards>(cache, "a", fetch);
  CHECK(fetch.started() == 1);
  fetch.complete("value");
  for (std::size_t i = 0; i < 4; ++i) {
    if (i != leaving) CHECK(callers[i].get() == "value");
  }
  CHECK(late.get() == "value");
  CHECK(cache.template get<Cards>("a") == "value");
}

TEMPLATE_TEST_CASE("P5: all waiters may leave while the leader goes on", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  const auto leader = ask<Cards>(cache, "a", fetch);
  for (int round = 0; round < 3; ++round) {
    auto first = ask<Cards>(cache, "a", fetch);
    auto second = ask<Cards>(cache, "a", fetch);
    second.leave();
    first.leave();
  }
  fetch.complete("value");
  CHECK(leader.get() == "value");
  CHECK(fetch.started() == 1);
}

TEMPLATE_TEST_CASE("P5: a fetch is destroyed with its leader, and the next waiter runs its own", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> leaders;
  ManualFetch<std::string> seconds;
  ManualFetch<std::string> thirds;
  auto leader = ask<Cards>(cache, "a", leaders);
  const auto second = ask<Cards>(cache, "a", seconds);
  const auto third = ask<Cards>(cache, "a", thirds);
  leader.leave();
  CHECK(leaders.destroyed() == 1);
  CHECK(seconds.started() == 1);
  CHECK(thirds.started() == 0);
  const auto late = ask<Cards>(cache, "a", leaders);
  CHECK(leaders.started() == 1);
  CHECK(cache.template stats<Cards>().in_flight == 1);

  seconds.complete("value");
  CHECK(second.get() == "value");
  CHECK(third.get() == "value");
  CHECK(late.get() == "value");
  CHECK(cache.template get<Cards>("a") == "value");
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

TEMPLATE_TEST_CASE("P5: when the last caller leaves, the fetch is destroyed and the key is free", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  auto leader = ask<Cards>(cache, "a", fetch);
  leader.leave();
  CHECK(fetch.destroyed() == 1);
  CHECK(cache.template stats<Cards>().in_flight == 0);
  const auto next = ask<Cards>(cache, "a", fetch);
  CHECK(fetch.started() == 2);
  fetch.complete("value");
  CHECK(next.get() == "value");
}

TEMPLATE_TEST_CASE("P5: callers may leave one after the other, each handing over to the next", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  std::vector<Running<std::string>> callers;
  for (int i = 0; i < 100; ++i) callers.push_back(ask<Cards>(cache, "a", fetch));
  for (std::size_t i = 0; i < 99; ++i) {
    callers[i].leave();
    CHECK(fetch.started() == static_cast<int>(i) + 2);
    CHECK(fetch.running() == 1);
  }
  fetch.complete("value");
  CHECK(callers[99].get() == "value");
  CHECK(fetch.destroyed() == 99);
}

TEMPLATE_TEST_CASE("P5: who takes over waits in its place, and those behind it may leave", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  auto leader = ask<Cards>(cache, "a", fetch);
  const auto second = ask<Cards>(cache, "a", fetch);
  auto third = ask<Cards>(cache, "a", fetch);
  auto fourth = ask<Cards>(cache, "a", fetch);
  third.leave();
  leader.leave();
  fourth.leave();
  CHECK(fetch.started() == 2);
  CHECK(fetch.running() == 1);
  fetch.complete("value");
  CHECK(second.get() == "value");
}

TEMPLATE_TEST_CASE("P5: what a borrowed fetcher refers to is not touched after its caller left", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> event;
  struct Session {
    std::string user;
    std::vector<std::string> log;
  };
  const auto serve = [](Cache<TestType>& from, ManualFetch<std::string>& by, std::string user) -> Running<std::string> {
    auto session = std::make_unique<Session>();  // on the heap, so that a sanitizer sees a use after it is gone
    session->user = std::move(user);
    const auto fetch = [&session, &by]() -> Task<std::string> {
      std::string fetched = co_await by();
      session->log.push_back(fetched);
      co_return session->user + " " + fetched;
    };
    co_return co_await from.template get_or_fetch<Cards>("a", fetch);
  };
  auto ann = serve(cache, event, "ann");
  const auto bob = serve(cache, event, "bob");
  ann.leave();
  CHECK(event.destroyed() == 1);
  event.complete("card");
  CHECK(bob.get() == "bob card");
}

TEMPLATE_TEST_CASE("P5: a flight outlives the key that its first caller gave", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  auto name = std::make_unique<std::string>("a key too long for the string's own buffer");
  const auto view_ask = [](Cache<TestType>& from, std::string_view key,
                           ManualFetch<std::string>& by) -> Running<std::string> {
    co_return co_await from.template get_or_fetch<Cards>(key, by);
  };
  auto leader = view_ask(cache, *name, fetch);
  const auto waiter = ask<Cards>(cache, *name, fetch);
  leader.leave();
  const std::string copy = *name;
  name.reset();
  const auto late = ask<Cards>(cache, copy, fetch);
  CHECK(fetch.running() == 1);
  fetch.complete("value");
  CHECK(waiter.get() == "value");
  CHECK(late.get() == "value");
  CHECK(cache.template get<Cards>(copy) == "value");
}

TEMPLATE_TEST_CASE("P5: the TTL of a fetch that was taken over counts from when it was", "", support::Shared,
                   support::Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  auto leader = ask<Cards>(cache, "a", fetch);
  const auto waiter = ask<Cards>(cache, "a", fetch);
  tiercache::ManualClock::advance(50s);
  leader.leave();
  fetch.complete("value");
  tiercache::ManualClock::advance(59s);
  CHECK(cache.template get<Cards>("a") == "value");
  tiercache::ManualClock::advance(1s);
  CHECK_FALSE(cache.template get<Cards>("a"));
}

TEMPLATE_TEST_CASE("P5: a taken-over fetch that ends at once serves everybody", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  auto leader = ask<Cards>(cache, "a", fetch);
  SECTION("with a value") {
    const auto at_once = [] { return std::string("at once"); };
    const auto second = ask<Cards>(cache, "a", at_once);
    const auto third = ask<Cards>(cache, "a", fetch);
    leader.leave();
    REQUIRE(second.is_done());
    CHECK(second.get() == "at once");
    REQUIRE(third.is_done());
    CHECK(third.get() == "at once");
    CHECK(cache.template get<Cards>("a") == "at once");
  }
  SECTION("with a value, after awaiting") {
    const auto at_once = []() -> Task<std::string> { co_return "at once"; };
    const auto second = ask<Cards>(cache, "a", at_once);
    const auto third = ask<Cards>(cache, "a", fetch);
    leader.leave();
    CHECK(second.get() == "at once");
    CHECK(third.get() == "at once");
    CHECK(cache.template get<Cards>("a") == "at once");
  }
  SECTION("with an exception") {
    const auto at_once = []() -> std::string { throw std::runtime_error("at once"); };
    const auto second = ask<Cards>(cache, "a", at_once);
    const auto third = ask<Cards>(cache, "a", fetch);
    leader.leave();
    CHECK_THROWS_AS(second.get(), std::runtime_error);
    CHECK_THROWS_AS(third.get(), std::runtime_error);
    CHECK_FALSE(cache.template get<Cards>("a"));
  }
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

TEMPLATE_TEST_CASE("P5: a resumed caller may destroy the others that wait, and itself", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  std::vector<Running<std::string>> callers(4);
  int resumed = 0;
  const auto destroy_all = [](Cache<TestType>& from, ManualFetch<std::string>& by,
                              std::vector<Running<std::string>>& all, int& count) -> Running<std::string> {
    std::string value = co_await from.template get_or_fetch<Cards>("a", by);
    ++count;
    for (std::size_t i = 1; i < all.size(); ++i) all[i].leave();
    co_return value;
  };
  for (auto& caller : callers) caller = destroy_all(cache, fetch, callers, resumed);
  fetch.complete("value");
  CHECK(resumed == 1);
  CHECK(callers[0].get() == "value");
  CHECK(cache.template get<Cards>("a") == "value");
}

TEMPLATE_TEST_CASE("P5: a resumed caller may destroy the leader", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  Running<std::string> leader;
  Running<std::string> waiter;
  bool is_resumed = false;
  const auto destroy = [](Cache<TestType>& from, ManualFetch<std::string>& by, Running<std::string>& other,
                          bool& resumed) -> Running<std::string> {
    std::string value = co_await from.template get_or_fetch<Cards>("a", by);
    resumed = true;
    other.leave();
    co_return value;
  };
  // Who leads is first on the list of who waits unless the fetch took it off: let the second one be taken over too.
  leader = ask<Cards>(cache, "a", fetch);
  waiter = destroy(cache, fetch, leader, is_resumed);
  fetch.complete("value");
  CHECK(is_resumed);
  CHECK(waiter.get() == "value");
}

TEMPLATE_TEST_CASE(
    "P5: a waiter that leaves while the fetch is being destroyed does not stop the next from taking over", "",
    support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  Running<std::string> leader;
  Running<std::string> waiter;
  Running<std::string> heir;
  const auto owning_fetch = [&]() -> Task<std::string> {
    const AtItsEnd guard([&waiter] { waiter.leave(); });
    co_return co_await fetch();
  };
  leader = ask<Cards>(cache, "a", owning_fetch);
  const bool is_heir_first = GENERATE(true, false);
  if (is_heir_first) heir = ask<Cards>(cache, "a", fetch);
  waiter = ask<Cards>(cache, "a", fetch);
  if (!is_heir_first) heir = ask<Cards>(cache, "a", fetch);
  leader.leave();
  CHECK_FALSE(heir.is_done());
  REQUIRE(fetch.running() == 1);
  fetch.complete("value");
  CHECK(heir.get() == "value");
}

TEMPLATE_TEST_CASE("P5: who asks while the fetch is being destroyed takes over", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  Running<std::string> leader;
  Running<std::string> late;
  const auto asking_fetch = [&]() -> Task<std::string> {
    const AtItsEnd guard([&] { late = ask<Cards>(cache, "a", fetch); });
    co_return co_await fetch();
  };
  leader = ask<Cards>(cache, "a", asking_fetch);
  leader.leave();
  REQUIRE(fetch.running() == 1);
  CHECK_FALSE(late.is_done());
  fetch.complete("value");
  CHECK(late.get() == "value");
}

// Awaits by hand, to stop between the two steps of a co_await, where another thread may come in.
TEMPLATE_TEST_CASE("P5: a caller that found a fetch is served when that fetch's last caller leaves before it waits", "",
                   support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  auto leader = ask<Cards>(cache, "a", fetch);
  const auto at_once = [] { return std::string("own"); };
  auto lookup = cache.template get_or_fetch<Cards>("a", at_once);
  auto awaiter = lookup.operator co_await();
  REQUIRE_FALSE(awaiter.await_ready());
  leader.leave();
  // Where it does not go on at once, its fetch has ended meanwhile and resumed the coroutine that does nothing.
  static_cast<void>(awaiter.await_suspend(std::noop_coroutine()));
  CHECK(awaiter.await_resume() == "own");
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

TEMPLATE_TEST_CASE("P5: a lookup that was begun and is never awaited to its end just leaves", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  {
    auto never_begun = cache.template get_or_fetch<Cards>("a", fetch);
    static_cast<void>(never_begun);
  }
  CHECK(fetch.started() == 0);
  {
    auto begun = cache.template get_or_fetch<Cards>("a", fetch);
    CHECK_FALSE(begun.operator co_await().await_ready());
    CHECK(fetch.running() == 1);
  }
  CHECK(fetch.destroyed() == 1);
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

TEMPLATE_TEST_CASE("P5: callers that left before an invalidation do not come back after it", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  auto leader = ask<Cards>(cache, "a", fetch);
  auto waiter = ask<Cards>(cache, "a", fetch);
  cache.template invalidate<Cards>("a");
  waiter.leave();
  leader.leave();
  CHECK(fetch.started() == 1);
  CHECK(fetch.destroyed() == 1);
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

// An odometer over small orders of events: callers come and go in every order, and then somebody must get a value.
TEMPLATE_TEST_CASE("P5: in whatever order four callers leave, who stays is served", "", support::Shared,
                   support::Local) {
  std::vector<std::size_t> order{0, 1, 2, 3};
  do {
    for (std::size_t leaving = 0; leaving <= 4; ++leaving) {
      Cache<TestType> cache;
      ManualFetch<std::string> fetch;
      std::vector<Running<std::string>> callers;
      for (int i = 0; i < 4; ++i) callers.push_back(ask<Cards>(cache, "a", fetch));
      for (std::size_t i = 0; i < leaving; ++i) callers[order[i]].leave();
      REQUIRE(fetch.running() == (leaving < 4 ? 1u : 0u));
      if (leaving < 4) fetch.complete("value");
      for (std::size_t i = leaving; i < 4; ++i) {
        REQUIRE(callers[order[i]].is_done());
        REQUIRE(callers[order[i]].get() == "value");
      }
      REQUIRE(cache.template stats<Cards>().in_flight == 0);
      REQUIRE(cache.template get<Cards>("a").has_value() == (leaving < 4));
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

}  // namespace
