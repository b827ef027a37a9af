#include "asio_gate.hpp"
#include "ask.hpp"
#include "catch.hpp"
#include "manual_fetch.hpp"
#include "watchdog.hpp"

#include <optional>
#include <string>
#include <thread>

using namespace support;

TEST_CASE("P3: an io_context destroyed with leader and waiters in it leaves no key locked") {
  tiercache::ManualClock::reset();
  AsioCache cache;
  Caller callers[3];
  std::optional<Gate> gate;
  {
    asio::io_context context;
    gate.emplace(context);
    for (Caller& caller : callers) asio::co_spawn(context, caller.ask(cache, *gate, "home"), asio::detached);
    context.poll();
    gate->let_go();
  }
  CHECK(gate->begun == 1);
  CHECK(gate->running == 0);
  for (const Caller& caller : callers) CHECK(caller.answer.empty());
  CHECK(cache.stats<Pages>().in_flight == 0);
  const auto at_once = [] { return std::string("new"); };
  CHECK(cache.get_or_fetch<Pages>("home", at_once).get() == "new");
}

TEST_CASE("P5: an io_context destroyed with a waiter in it leaves the fetch in another context alone") {
  tiercache::ManualClock::reset();
  AsioCache cache;
  asio::io_context fetching;
  Gate gate(fetching);
  Caller leader;
  asio::co_spawn(fetching, leader.ask(cache, gate, "home"), asio::detached);
  fetching.poll();
  Caller waiter;
  {
    asio::io_context waiting;
    asio::co_spawn(waiting, waiter.ask(cache, gate, "home"), asio::detached);
    waiting.poll();
    CHECK(cache.stats<Pages>().fetches_joined == 1);
  }
  gate.open();
  fetching.poll();
  CHECK(leader.answer == "home #1");
  CHECK(waiter.answer.empty());
}

TEST_CASE("P5: an io_context destroyed with the leader in it passes the fetch on to a waiter in another context") {
  tiercache::ManualClock::reset();
  AsioCache cache;
  asio::io_context waiting;
  Gate waiters_gate(waiting);
  Caller leader, waiter;
  std::optional<Gate> gate;
  {
    asio::io_context fetching;
    gate.emplace(fetching);
    asio::co_spawn(fetching, leader.ask(cache, *gate, "home"), asio::detached);
    fetching.poll();
    asio::co_spawn(waiting, waiter.ask(cache, waiters_gate, "home"), asio::detached);
    waiting.poll();
    CHECK(waiters_gate.begun == 0);
    gate->let_go();
  }
  waiting.poll();
  CHECK(waiters_gate.begun == 1);
  waiters_gate.open();
  waiting.poll();
  CHECK(waiter.answer == "home #1");
  CHECK(cache.stats<Pages>().in_flight == 0);
}

TEST_CASE("P12: asio callers of a cache that is destroyed in mid-fetch get their answer") {
  tiercache::ManualClock::reset();
  std::optional<AsioCache> cache(std::in_place);
  asio::io_context context;
  Gate gate(context);
  Caller leader, waiter;
  asio::co_spawn(context, leader.ask(*cache, gate, "home"), asio::detached);
  asio::co_spawn(context, waiter.ask(*cache, gate, "home"), asio::detached);
  context.poll();
  cache.reset();
  gate.open();
  context.poll();
  CHECK(leader.answer == "home #1");
  CHECK(waiter.answer == "home #1");
}

TEST_CASE("P3: an io_context whose strand shuts down before its waiters leaves no key locked") {
  const support::Watchdog watchdog("P3: destroying an io_context with waiters on a strand hangs");
  tiercache::ManualClock::reset();
  AsioCache cache;
  const auto posted = []() -> asio::awaitable<std::string> {
    co_await asio::post(asio::use_awaitable);
    co_return "posted";
  };
  const auto in_an_hour = []() -> asio::awaitable<std::string> {
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
    co_await timer.async_wait(asio::use_awaitable);
    co_return "late";
  };
  const auto ask = [&cache](const std::string key, const auto& fetch) -> asio::awaitable<void> {
    static_cast<void>(co_await tiercache::get_or_fetch<Pages>(cache, key, fetch));
  };
  {
    asio::io_context context;
    // Services shut down in the opposite order of their making: the waiters' own comes before the timers' and strands'.
    for (int i = 0; i < 2; ++i) asio::co_spawn(context, ask("soon", posted), asio::detached);
    context.run();
    context.restart();
    CHECK(cache.stats<Pages>().fetches_joined == 1);
    const asio::steady_timer timer(context);
    const auto strand = asio::make_strand(context);
    for (int i = 0; i < 3; ++i) asio::co_spawn(strand, ask("home", in_an_hour), asio::detached);
    context.poll();
    CHECK(cache.stats<Pages>().in_flight == 1);
  }
  CHECK(cache.stats<Pages>().in_flight == 0);
}

TEST_CASE("P5: an io_context may be destroyed while the fetch that is waited for in it ends on another thread") {
  const support::Watchdog watchdog("P5: destroying an io_context while its waiters are woken hangs");
  for (int turn = 0; turn < 200; ++turn) {
    tiercache::ManualClock::reset();
    AsioCache cache;
    ManualFetch<std::string> event;
    const auto leader = ask<Pages>(cache, "home", event);
    std::optional<asio::io_context> context(std::in_place);
    std::optional<Gate> gate(std::in_place, *context);
    Caller callers[4];
    for (Caller& caller : callers) asio::co_spawn(*context, caller.ask(cache, *gate, "home"), asio::detached);
    context->poll();
    gate.reset();
    std::thread other([&event] { event.complete("value"); });
    context.reset();
    other.join();
    REQUIRE(leader.get() == "value");
    for (const Caller& caller : callers) REQUIRE(caller.answer.empty());
    REQUIRE(cache.stats<Pages>().in_flight == 0);
  }
}
