#include "ask.hpp"
#include "at_its_end.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "joined.hpp"
#include "manual_fetch.hpp"
#include "task.hpp"
#include "watchdog.hpp"

#include <tiercache/tiercache.hpp>

#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ask;
using support::ManualFetch;
using support::Running;
using support::wait_until_joined;

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .not_found_ttl = 1min};
};
using Cache = tiercache::TieredCache<Cards>;

TEST_CASE("P1: blocked threads share a coroutine's fetch") {
  const support::Watchdog watchdog("P1: threads blocked on a coroutine's fetch were not woken");
  Cache cache;
  ManualFetch<std::string> fetch;
  const auto leader = ask<Cards>(cache, "a", fetch);
  std::vector<std::string> got(4);
  std::vector<std::thread> threads;
  for (auto& value : got) {
    threads.emplace_back([&] { value = cache.get_or_fetch<Cards>("a", [] { return std::string("own"); }).get(); });
  }
  wait_until_joined<Cards>(cache, 4);
  fetch.complete("value");
  for (auto& thread : threads) thread.join();
  CHECK(leader.get() == "value");
  for (const auto& value : got) CHECK(value == "value");
}

TEST_CASE("P2: an exception reaches blocked threads") {
  const support::Watchdog watchdog("P2: a thread blocked on a fetch that failed was not woken");
  Cache cache;
  ManualFetch<std::string> fetch;
  const auto leader = ask<Cards>(cache, "a", fetch);
  bool has_thrown = false;
  std::thread thread([&] {
    try {
      static_cast<void>(cache.get_or_fetch<Cards>("a", [] { return std::string("own"); }).get());
    } catch (int) {
      has_thrown = true;
    }
  });
  wait_until_joined<Cards>(cache, 1);
  fetch.fail(7);
  thread.join();
  CHECK(has_thrown);
}

TEST_CASE("P5: when the leader leaves, a blocked thread runs its own fetch for all who wait") {
  const support::Watchdog watchdog("P5: a blocked thread did not take a fetch over");
  Cache cache;
  ManualFetch<std::string> fetch;
  auto leader = ask<Cards>(cache, "a", fetch);
  std::thread::id fetched_by;
  std::string got;
  std::thread thread([&] {
    got = cache
              .get_or_fetch<Cards>("a",
                                   [&] {
                                     fetched_by = std::this_thread::get_id();
                                     return std::string("own");
                                   })
              .get();
  });
  const std::thread::id blocked = thread.get_id();
  wait_until_joined<Cards>(cache, 1);
  leader.leave();
  thread.join();
  CHECK(got == "own");
  CHECK(fetched_by == blocked);
  CHECK(fetch.started() == 1);
  CHECK(cache.get<Cards>("a") == "own");
}

TEST_CASE("P1: a blocked thread that cannot take another's answer fetches for itself") {
  const support::Watchdog watchdog("P1: a blocked thread did not fetch for itself");
  Cache cache;
  ManualFetch<std::optional<std::string>> none;
  const auto leader = ask<Cards>(cache, "a", none);
  std::string got;
  std::thread thread([&] { got = cache.get_or_fetch<Cards>("a", [] { return std::string("own"); }).get(); });
  wait_until_joined<Cards>(cache, 1);
  none.complete(std::nullopt);
  thread.join();
  CHECK_FALSE(leader.get());
  CHECK(got == "own");
}

TEST_CASE("P1: a thread that blocks on a fetch of its own is woken by the thread that ends it") {
  const support::Watchdog watchdog("P1: a thread blocked on its own fetch was not woken");
  Cache cache;
  std::thread runner;
  struct OnOtherThread {
    explicit OnOtherThread(std::thread& its_runner) noexcept : runner(its_runner) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) const {
      runner = std::thread([waiting] { waiting.resume(); });
    }
    std::string await_resume() const { return "value"; }
    std::thread& runner;
  };
  const auto fetch = [&] { return OnOtherThread(runner); };
  CHECK(cache.get_or_fetch<Cards>("a", fetch).get() == "value");
  runner.join();
  CHECK(cache.get<Cards>("a") == "value");
}

TEST_CASE("P1: a blocked thread gets many keys from the fetches of others") {
  const support::Watchdog watchdog("P1: a thread blocked on many keys was not woken");
  Cache cache;
  ManualFetch<std::string> first;
  ManualFetch<std::string> second;
  auto leader = ask<Cards>(cache, "a", first);
  const auto other = ask<Cards>(cache, "b", second);
  const std::vector<std::string> keys{"a", "b"};
  std::vector<std::optional<std::string>> got;
  std::thread thread([&] {
    got = cache.get_or_fetch_many<Cards>(keys, [](const std::vector<std::string>& missing) { return missing; }).get();
  });
  wait_until_joined<Cards>(cache, 2);
  SECTION("as they end") {
    first.complete("one");
    second.complete("two");
    thread.join();
    CHECK(got == std::vector<std::optional<std::string>>{"one", "two"});
  }
  SECTION("and runs one of them itself, which is given up") {
    leader.leave();
    second.complete("two");
    thread.join();
    CHECK(got == std::vector<std::optional<std::string>>{"a", "two"});
  }
}

TEST_CASE("P5: a blocked thread is told to stop") {
  const support::Watchdog watchdog("P5: a blocked thread was not told to stop");
  Cache cache;
  ManualFetch<std::string> fetch;
  std::stop_source stop;
  const auto leader = ask<Cards>(cache, "a", fetch);
  bool is_abandoned = false;
  std::thread thread([&] {
    const auto own = [] { return std::string("own"); };
    try {
      static_cast<void>(cache.get_or_fetch<Cards>("a", own).stop_on(stop.get_token()).get());
    } catch (const tiercache::fetch_abandoned&) {
      is_abandoned = true;
    }
  });
  wait_until_joined<Cards>(cache, 1);
  stop.request_stop();
  thread.join();
  CHECK(is_abandoned);
  fetch.complete("value");
  CHECK(leader.get() == "value");
}

TEST_CASE("P1: a blocked thread gets what is stale, and what another one fetches") {
  const support::Watchdog watchdog("P1: a thread blocked on many keys was not woken");
  tiercache::ManualClock::reset();
  tiercache::BasicTieredCache<support::Shared, Cards> cache(tiercache::with<Cards>({.ttl = 60s, .stale_for = 60s}));
  ManualFetch<std::string> slow;
  cache.put<Cards>("a", "old");
  tiercache::ManualClock::advance(60s);
  const auto other = ask<Cards>(cache, "b", slow);
  const std::vector<std::string> keys{"a", "b"};
  std::vector<std::optional<std::string>> got;
  std::thread thread([&] {
    const auto fetch = [](const std::vector<std::string>& missing) { return missing; };
    got = cache.get_or_fetch_many<Cards>(keys, tiercache::owned(fetch)).get();
  });
  wait_until_joined<Cards>(cache, 1);
  slow.complete("new");
  thread.join();
  CHECK(got == std::vector<std::optional<std::string>>{"old", "new"});
  CHECK(cache.get<Cards>("a") == "a");
}

TEST_CASE("P10: who blocks inside a fetch that is destroyed waits for another's key") {
  const support::Watchdog watchdog("P10: a destructor that waited for another key was not woken");
  Cache cache;
  ManualFetch<std::string> never;
  ManualFetch<std::string> slow;
  const bool asks_for_many = GENERATE(false, true);
  std::string got;
  const auto fetch = [&]() -> support::Task<std::string> {
    const support::AtItsEnd guard([&] {
      if (asks_for_many) {
        const std::vector<std::string> keys{"b"};
        const auto many_at_once = [](const std::vector<std::string>& missing) { return missing; };
        got = cache.get_or_fetch_many<Cards>(keys, many_at_once).get().front().value();
      } else {
        got = cache.get_or_fetch<Cards>("b", [] { return std::string("own"); }).get();
      }
    });
    std::string value = co_await never();
    co_return value;
  };
  auto leader = ask<Cards>(cache, "a", fetch);
  const auto other = ask<Cards>(cache, "b", slow);
  std::thread thread([&] {
    wait_until_joined<Cards>(cache, 1);
    slow.complete("value");
  });
  leader.leave();
  thread.join();
  CHECK(got == "value");
}

}  // namespace
