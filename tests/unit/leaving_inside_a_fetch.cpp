#include "ask.hpp"
#include "at_its_end.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "task.hpp"
#include "watchdog.hpp"

#include <tiercache/tiercache.hpp>

#include <optional>
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
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 1};
  using eviction = tiercache::OldestFirst;
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards>;

/// Asks, on a plain thread, for the key that it was fetched under, when it is destroyed; alone or among many.
template <class AnyCache, bool asks_for_many = false>
struct AsksAtItsEnd {
  explicit AsksAtItsEnd(AnyCache& its_cache, std::string& its_answer) : cache(its_cache), answer(its_answer) {}
  AsksAtItsEnd(const AsksAtItsEnd&) = delete;
  AsksAtItsEnd& operator=(const AsksAtItsEnd&) = delete;
  ~AsksAtItsEnd() {
    const auto at_once = [] { return std::string("fetched"); };
    const auto many_at_once = [](const std::vector<std::string>& missing) { return missing; };
    try {
      if constexpr (asks_for_many) {
        const std::vector<std::string> keys{"b", "a"};
        answer = cache.template get_or_fetch_many<Cards>(keys, many_at_once).get().at(1).value();
      } else {
        answer = cache.template get_or_fetch<Cards>("a", at_once).get();
      }
    } catch (const tiercache::recursive_fetch&) {
      answer = "recursive";
    }
  }

  AnyCache& cache;
  std::string& answer;
};

}  // namespace

TEMPLATE_TEST_CASE("P5: one who fetches anew is destroyed by the listener that its own fetch calls", "",
                   support::Shared, support::Local) {
  Cache<TestType> cache;
  cache.template put<Cards>("b", "goes");
  ManualFetch<std::optional<std::string>> none;
  const auto some = [] { return std::string("some"); };
  const auto leader = ask<Cards>(cache, "a", none);
  auto waiter = ask<Cards>(cache, "a", some);
  bool has_left = false;
  cache.template on_removal<Cards>([&](const std::string&, const std::string&, tiercache::RemovalCause) {
    waiter.leave();
    has_left = true;
  });
  none.complete(std::nullopt);
  CHECK(has_left);
  CHECK_FALSE(leader.get());
  CHECK(cache.template get<Cards>("a") == "some");
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

TEMPLATE_TEST_CASE("P5: one who came to lead is destroyed by its own fetcher", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> slow;
  auto leader = ask<Cards>(cache, "a", slow);
  Running<std::string> waiter;
  ManualFetch<std::string> suspends;
  SECTION("that returns at once") {
    const auto leaves = [&waiter] {
      waiter.leave();
      return std::string("value");
    };
    waiter = ask<Cards>(cache, "a", leaves);
    const auto other = ask<Cards>(cache, "a", slow);
    leader.leave();
    CHECK(other.get() == "value");
  }
  SECTION("that suspends after that") {
    const auto leaves = [&waiter, &suspends]() -> Task<std::string> {
      waiter.leave();
      std::string value = co_await suspends();
      co_return value;
    };
    waiter = ask<Cards>(cache, "a", leaves);
    const auto other = ask<Cards>(cache, "a", slow);
    leader.leave();
    CHECK(suspends.destroyed() == 1);
    REQUIRE(slow.running() == 1);
    slow.complete("other");
    CHECK(other.get() == "other");
  }
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

TEMPLATE_TEST_CASE_SIG("P10: a blocking get() inside a fetch that is being destroyed gets recursive_fetch for that key",
                       "", ((bool asks_for_many), asks_for_many), false, true) {
  const support::Watchdog watchdog("P10: a destructor waits for the fetch that it is part of");
  using Shared = Cache<support::Shared>;
  Shared cache;
  ManualFetch<std::string> never;
  std::string answer;
  const auto fetch = [&]() -> Task<std::string> {
    const AsksAtItsEnd<Shared, asks_for_many> guard(cache, answer);
    std::string value = co_await never();
    co_return value;
  };
  auto leader = ask<Cards>(cache, "a", fetch);
  leader.leave();
  CHECK(answer == "recursive");
  CHECK(cache.stats<Cards>().in_flight == 0);
}

TEMPLATE_TEST_CASE_SIG("P10: a get() that only its own thread could end gets recursive_fetch, alone or among many", "",
                       ((bool asks_for_many), asks_for_many), false, true) {
  using Local = Cache<support::Local>;
  Local cache;
  ManualFetch<std::string> slow;
  std::string answer;
  const auto leader = ask<Cards>(cache, "a", slow);
  { const AsksAtItsEnd<Local, asks_for_many> guard(cache, answer); }
  CHECK(answer == "recursive");
  REQUIRE(slow.running() == 1);
  slow.complete("value");
  CHECK(leader.get() == "value");
  CHECK(cache.stats<Cards>().in_flight == 0);
}

TEST_CASE("P10: a lookup whose get() got recursive_fetch has left, though it lives on") {
  Cache<support::Local> cache;
  ManualFetch<std::string> slow;
  ManualFetch<std::vector<std::string>> slow_many;
  const std::vector<std::string> keys{"a", "b"};
  const auto fetch_many = [&slow_many](const std::vector<std::string>&) { return slow_many(); };
  SECTION("with a fetch of its own") {
    auto lookup = cache.get_or_fetch<Cards>("a", slow);
    CHECK_THROWS_AS(lookup.get(), tiercache::recursive_fetch);
    CHECK(slow.destroyed() == 1);
    CHECK(cache.stats<Cards>().in_flight == 0);
  }
  SECTION("among many") {
    const auto leader = ask<Cards>(cache, "a", slow);
    auto lookup = cache.get_or_fetch_many<Cards>(keys, fetch_many);
    CHECK_THROWS_AS(lookup.get(), tiercache::recursive_fetch);
    CHECK(slow_many.destroyed() == 1);
    slow.complete("value");
    CHECK(leader.get() == "value");
    CHECK(cache.stats<Cards>().in_flight == 0);
  }
}

TEST_CASE("P10: many keys whose get() got recursive_fetch inside a fetch that is destroyed have left") {
  const support::Watchdog watchdog("P10: a destructor waits for the fetch that it is part of");
  Cache<support::Shared> cache;
  ManualFetch<std::string> never;
  ManualFetch<std::string> slow;
  const std::vector<std::string> keys{"a", "b"};
  ManualFetch<std::vector<std::string>> slow_many;
  const auto fetch_many = [&slow_many](const std::vector<std::string>&) { return slow_many(); };
  auto lookup = cache.get_or_fetch_many<Cards>(keys, fetch_many);
  bool is_recursive = false;
  const auto fetch = [&]() -> Task<std::string> {
    const AtItsEnd guard([&] {
      try {
        static_cast<void>(lookup.get());
      } catch (const tiercache::recursive_fetch&) {
        is_recursive = true;
      }
    });
    std::string value = co_await never();
    co_return value;
  };
  auto leader = ask<Cards>(cache, "a", fetch);
  const auto other = ask<Cards>(cache, "a", slow);
  leader.leave();
  CHECK(is_recursive);
  CHECK(slow_many.destroyed() == 1);
  slow.complete("value");
  CHECK(other.get() == "value");
  CHECK(cache.stats<Cards>().in_flight == 0);
}

TEMPLATE_TEST_CASE("P5: who waits for another key while the fetch is being destroyed, and asks then, takes over", "",
                   support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> never;
  ManualFetch<std::string> slow;
  const auto at_once = [] { return std::string("own"); };
  const auto ask_for_both = [&]() -> Running<std::string> {
    const std::string other = co_await cache.template get_or_fetch<Cards>("b", slow);
    std::string value = co_await cache.template get_or_fetch<Cards>("a", at_once);
    co_return other + value;
  };
  Running<std::string> both;
  const auto fetch = [&]() -> Task<std::string> {
    const AtItsEnd guard([&] {
      both = ask_for_both();
      slow.complete("another's, then ");
    });
    std::string value = co_await never();
    co_return value;
  };
  auto leader = ask<Cards>(cache, "a", fetch);
  leader.leave();
  REQUIRE(both.is_done());
  CHECK(both.get() == "another's, then own");
}
