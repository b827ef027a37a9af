#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "running.hpp"
#include "task.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

using namespace support;

namespace {

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1), .capacity = 4};
};

template <class Cache>
Running<std::string> ask_owned(Cache& cache, ManualFetch<std::string>& event) {
  const auto fetch = [&event](const std::string& key) -> Task<std::string> {
    std::string answer = key;
    answer += ' ';
    answer += co_await event();
    co_return answer;
  };
  co_return co_await cache.template get_or_fetch<Cards>("home", tiercache::owned(fetch));
}

}  // namespace

TEMPLATE_TEST_CASE("P5: an owned fetch goes on when its caller leaves", "", Shared, Local) {
  tiercache::BasicTieredCache<TestType, Cards> cache;
  ManualFetch<std::string> event;
  auto leader = ask_owned(cache, event);
  SECTION("and is stored when nobody waits") {
    leader.leave();
    CHECK(event.destroyed() == 0);
    CHECK(cache.template stats<Cards>().in_flight == 1);
    event.complete("one");
    CHECK(cache.template get<Cards>("home") == "home one");
  }
  SECTION("and answers those who wait") {
    const auto waiter = ask_owned(cache, event);
    leader.leave();
    CHECK(event.started() == 1);
    event.complete("one");
    CHECK(waiter.get() == "home one");
  }
  SECTION("and answers those who come later") {
    leader.leave();
    const auto late = ask_owned(cache, event);
    CHECK(event.started() == 1);
    event.complete("one");
    CHECK(late.get() == "home one");
  }
  SECTION("and fails for those who wait") {
    const auto waiter = ask_owned(cache, event);
    leader.leave();
    event.fail(std::runtime_error("no"));
    CHECK_THROWS_WITH(waiter.get(), "no");
    CHECK(cache.template stats<Cards>().fetch_failures == 1);
  }
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

TEST_CASE("P3: an owned fetch that is dropped by whatever ran it is abandoned for those who wait") {
  tiercache::BasicTieredCache<Shared, Cards> cache;
  ManualFetch<std::string> event;
  const auto ask_directly = [&]() -> Running<std::string> {
    const auto fetch = [&event] { return event(); };
    co_return co_await cache.get_or_fetch<Cards>("home", tiercache::owned(fetch));
  };
  auto leader = ask_directly();
  const auto waiter = ask_directly();
  leader.leave();
  event.drop();
  CHECK_THROWS_AS(waiter.get(), tiercache::fetch_abandoned);
  CHECK(cache.stats<Cards>().in_flight == 0);
}

TEST_CASE("P4, P5: an invalidation beats an owned fetch whose caller has left") {
  tiercache::BasicTieredCache<Shared, Cards> cache;
  ManualFetch<std::string> event;
  auto leader = ask_owned(cache, event);
  leader.leave();
  cache.invalidate<Cards>("home");
  event.complete("old");
  CHECK(!cache.get<Cards>("home"));
  CHECK(cache.stats<Cards>().superseded == 1);
}

TEST_CASE("P12: an owned fetch outlives its caller and the cache") {
  ManualFetch<std::string> event;
  auto cache = std::make_unique<tiercache::BasicTieredCache<Shared, Cards>>();
  auto leader = ask_owned(*cache, event);
  auto waiter = ask_owned(*cache, event);
  leader.leave();
  cache.reset();
  event.complete("one");
  CHECK(waiter.get() == "home one");
}

TEST_CASE("P5: one with an owned fetcher that comes to lead runs it, and may leave too") {
  tiercache::BasicTieredCache<Shared, Cards> cache;
  ManualFetch<std::string> event;
  auto leader = ask<Cards>(cache, "home", event);
  auto next = ask_owned(cache, event);
  const auto last = ask<Cards>(cache, "home", event);
  leader.leave();
  CHECK(event.destroyed() == 1);
  CHECK(event.started() == 2);
  next.leave();
  CHECK(event.destroyed() == 1);
  event.complete("one");
  CHECK(last.get() == "home one");
}

TEST_CASE("an owned fetcher is copied from a name and moved from a temporary, and lives until its fetch has ended") {
  tiercache::BasicTieredCache<Shared, Cards> cache;
  ManualFetch<std::string> event;
  auto captured = std::make_shared<int>(0);  // not const: a closure could not move it
  const auto fetch = [&event, captured] { return event(); };
  const auto by_name = [](auto& from, auto& fetcher) -> Running<std::string> {
    auto marked = tiercache::owned(fetcher);
    co_return co_await from.template get_or_fetch<Cards>("a", marked);
  };
  const auto by_temporary = [](auto& from, auto& fetcher) -> Running<std::string> {
    co_return co_await from.template get_or_fetch<Cards>("b", tiercache::owned(fetcher));
  };
  auto named = by_name(cache, fetch);
  CHECK(captured.use_count() == 4);  // ours, the fetcher's, the marked one's, the fetch's
  named.leave();
  CHECK(captured.use_count() == 3);
  auto moved = by_temporary(cache, fetch);
  CHECK(captured.use_count() == 4);
  moved.leave();
  CHECK(captured.use_count() == 4);
  event.complete("one");
  event.complete("two");
  CHECK(captured.use_count() == 2);
  CHECK(cache.get<Cards>("a") == "one");
  CHECK(cache.get<Cards>("b") == "two");
}

TEST_CASE("an owned fetcher may answer at once, and may move what it can only move") {
  tiercache::BasicTieredCache<Shared, Cards> cache;
  struct MoveOnly {
    explicit MoveOnly(ManualFetch<std::string>& its_event) : event(&its_event) {}
    MoveOnly(MoveOnly&&) = default;
    MoveOnly& operator=(MoveOnly&&) = default;
    ManualFetch<std::string>::Call operator()() const { return (*event)(); }
    ManualFetch<std::string>* event;
  };
  ManualFetch<std::string> event;
  const auto caller = [](auto& from, auto& its_event) -> Running<std::string> {
    auto lookup = from.template get_or_fetch<Cards>("a", tiercache::owned(MoveOnly(its_event)));
    co_return co_await lookup;
  };
  auto running = caller(cache, event);
  event.complete("one");
  CHECK(running.get() == "one");
  const auto at_once = [](const std::string& key) { return key + "!"; };
  CHECK(cache.get_or_fetch<Cards>("b", tiercache::owned(at_once)).get() == "b!");
}
