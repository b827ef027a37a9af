#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "queue.hpp"
#include "running.hpp"
#include "task.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <string>

using namespace support;

namespace {

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

template <class Cache, class F>
Running<std::string> ask_until(Cache& cache, F& fetcher, std::stop_token token) {
  co_return co_await cache.template get_or_fetch<Cards>("a", fetcher).stop_on(token);
}

}  // namespace

// Whether it was told to stop was once read from it when its fetch had ended.
TEMPLATE_TEST_CASE("P5: one who can be told to stop, and came to lead, is destroyed by its own fetcher", "", Shared,
                   Local) {
  tiercache::BasicTieredCache<TestType, Cards> cache;
  ManualFetch<std::string> slow;
  std::stop_source stop;
  const bool is_told = GENERATE(false, true);
  auto leader = ask<Cards>(cache, "a", slow);
  Running<std::string> waiter;
  const auto leaves = [&] {
    if (is_told) stop.request_stop();
    waiter.leave();
  };
  SECTION("that returns at once") {
    const auto fetch = [&leaves] {
      leaves();
      return std::string("value");
    };
    waiter = ask_until(cache, fetch, stop.get_token());
    const auto other = ask<Cards>(cache, "a", slow);
    leader.leave();
    CHECK(other.get() == "value");
  }
  SECTION("that could suspend, and does not") {
    const auto fetch = [&leaves]() -> Task<std::string> {
      leaves();
      co_return "value";
    };
    waiter = ask_until(cache, fetch, stop.get_token());
    const auto other = ask<Cards>(cache, "a", slow);
    leader.leave();
    CHECK(other.get() == "value");
  }
  SECTION("that throws at once: then the next one runs its own") {
    const auto fetch = [&leaves]() -> std::string {
      leaves();
      throw std::runtime_error("cancelled");
    };
    waiter = ask_until(cache, fetch, stop.get_token());
    const auto other = ask<Cards>(cache, "a", slow);
    leader.leave();
    REQUIRE(slow.running() == 1);
    slow.complete("other");
    CHECK(other.get() == "other");
  }
  SECTION("that throws, and nobody else waits") {
    const auto fetch = [&leaves]() -> Task<std::string> {
      leaves();
      throw std::runtime_error("cancelled");
      co_return "value";
    };
    waiter = ask_until(cache, fetch, stop.get_token());
    leader.leave();
    CHECK(slow.running() == 0);
  }
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

TEMPLATE_TEST_CASE("P5: the failure of a fetch that destroys its caller is nobody else's", "", Shared, Local) {
  tiercache::BasicTieredCache<TestType, Cards> cache;
  ManualFetch<std::string> slow;
  auto leader = ask<Cards>(cache, "a", slow);
  Running<std::string> waiter;
  const auto at_once = [&waiter]() -> std::string {
    waiter.leave();
    throw std::runtime_error("gone");
  };
  const auto task = [&waiter]() -> Task<std::string> {
    waiter.leave();
    throw std::runtime_error("gone");
    co_return "value";
  };
  SECTION("at once") {
    waiter = ask<Cards>(cache, "a", at_once);
  }
  SECTION("as a coroutine") {
    waiter = ask<Cards>(cache, "a", task);
  }
  const auto other = ask<Cards>(cache, "a", slow);
  leader.leave();
  REQUIRE(slow.running() == 1);
  slow.complete("other");
  CHECK(other.get() == "other");
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

// The first part of one fetch ends when that of the next, elsewhere, has not begun.
TEMPLATE_TEST_CASE("P5: one after the other is destroyed by its own fetch, each where it is resumed", "", Shared,
                   Local) {
  tiercache::BasicTieredCache<TestType, Cards> cache;
  ManualFetch<std::string> slow;
  Queue queue;
  const auto post = [&queue](auto job) { queue.post(job); };
  const auto ask_there = [&](auto& fetcher) -> Running<std::string> {
    co_return co_await cache.template get_or_fetch<Cards>("a", fetcher).resume_on(post);
  };
  auto leader = ask<Cards>(cache, "a", slow);
  Running<std::string> first;
  Running<std::string> second;
  const auto fail = [&first]() -> Task<std::string> {
    first.leave();
    throw std::runtime_error("gone");
    co_return "value";
  };
  const auto wait = [&]() -> Task<std::string> {
    second.leave();
    co_return co_await slow();
  };
  first = ask_there(fail);
  second = ask_there(wait);
  const auto other = ask<Cards>(cache, "a", slow);
  leader.leave();
  REQUIRE(queue.size() == 1);
  queue.run();
  REQUIRE(slow.running() == 1);
  slow.complete("other");
  CHECK(other.get() == "other");
  CHECK(cache.template stats<Cards>().in_flight == 0);
}
