#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "task.hpp"
#include "watchdog.hpp"

#include <tiercache/tiercache.hpp>

#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;
using support::ask;
using support::ManualFetch;
using support::Running;
using support::Task;
using tiercache::recursive_fetch;

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
struct Notes : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards, Notes>;

/// Fetches a key by asking for the next one; nothing comes after the last, so it is asked for by itself.
template <class AnyCache>
struct Chain {
  std::string operator()(const std::string& key) const {
    return key + cache.template get_or_fetch<Cards>(next_of(key), *this).get();
  }
  std::string next_of(const std::string& key) const {
    const std::size_t at = path.find(key);
    return path.substr(at + 1, 1);
  }
  AnyCache& cache;
  std::string path;
};

template <class AnyCache>
struct AwaitedChain {
  Task<std::string> operator()(const std::string& key) const {
    const std::string next = path.substr(path.find(key) + 1, 1);
    std::string rest = co_await cache.template get_or_fetch<Cards>(next, *this);
    co_return key + rest;
  }
  AnyCache& cache;
  std::string path;
};

TEMPLATE_TEST_CASE("P10: a fetch that asks for the key it fetches gets recursive_fetch", "", support::Shared,
                   support::Local) {
  const support::Watchdog watchdog("P10: a fetch waits for itself");
  Cache<TestType> cache;
  const std::string path = GENERATE("aa", "aba", "abca", "abb", "abcb");
  SECTION("blocking") {
    const Chain<Cache<TestType>> chain{cache, path};
    CHECK_THROWS_AS(cache.template get_or_fetch<Cards>("a", chain).get(), recursive_fetch);
  }
  SECTION("awaiting") {
    const AwaitedChain<Cache<TestType>> chain{cache, path};
    const auto caller = ask<Cards>(cache, "a", chain);
    REQUIRE(caller.is_done());
    CHECK_THROWS_AS(caller.get(), recursive_fetch);
  }
  CHECK(cache.template stats<Cards>().in_flight == 0);
  const auto sane = [] { return std::string("value"); };
  CHECK(cache.template get_or_fetch<Cards>("a", sane).get() == "value");
  CHECK(cache.template get_or_fetch<Cards>("b", sane).get() == "value");
}

TEMPLATE_TEST_CASE("P10: a fetch may ask for other keys, tiers and caches", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  Cache<TestType> other;
  const auto leaf = [] { return std::string("leaf"); };
  const auto fetch = [&](const std::string& key) {
    return cache.template get_or_fetch<Cards>("b", leaf).get() + cache.template get_or_fetch<Notes>(key, leaf).get() +
           other.template get_or_fetch<Cards>(key, leaf).get();
  };
  CHECK(cache.template get_or_fetch<Cards>("a", fetch).get() == "leafleafleaf");
}

TEMPLATE_TEST_CASE("P10: a fetch may catch recursive_fetch and go on", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  const auto never = []() -> std::string { throw std::logic_error("must not run"); };
  SECTION("blocking") {
    const auto fetch = [&]() -> std::string {
      try {
        return cache.template get_or_fetch<Cards>("a", never).get();
      } catch (const recursive_fetch&) {
        return "caught";
      }
    };
    CHECK(cache.template get_or_fetch<Cards>("a", fetch).get() == "caught");
  }
  SECTION("awaiting") {
    const auto fetch = [&]() -> Task<std::string> {
      std::string value;
      try {
        value = co_await cache.template get_or_fetch<Cards>("a", never);
      } catch (const recursive_fetch&) {
        value = "caught";
      }
      co_return value;
    };
    const auto caller = ask<Cards>(cache, "a", fetch);
    CHECK(caller.get() == "caught");
  }
  CHECK(cache.template get<Cards>("a") == "caught");
}

TEMPLATE_TEST_CASE("P10: others who wait for a fetch are unharmed by its recursion", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> other_key;
  ManualFetch<std::string> own;
  const auto b = ask<Cards>(cache, "b", other_key);
  // Suspended by the cache, it is still known for what it is when it goes on.
  const auto fetch = [&]() -> Task<std::string> {
    std::string value = co_await cache.template get_or_fetch<Cards>("b", other_key);
    try {
      value = co_await cache.template get_or_fetch<Cards>("a", other_key);
    } catch (const recursive_fetch&) {
      value += " and caught";
    }
    co_return value;
  };
  const auto a = ask<Cards>(cache, "a", fetch);
  const auto waiter = ask<Cards>(cache, "a", own);
  other_key.complete("b");
  REQUIRE(a.is_done());
  CHECK(a.get() == "b and caught");
  REQUIRE(waiter.is_done());
  CHECK(waiter.get() == "b and caught");
  CHECK(own.started() == 0);
}

TEMPLATE_TEST_CASE("P10: a caller that a fetch happens to wake is no part of that fetch", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> b_event;
  ManualFetch<std::string> a_event;
  const auto ask_both = [](Cache<TestType>& from, ManualFetch<std::string>& b,
                           ManualFetch<std::string>& a) -> Running<std::string> {
    std::string both = co_await from.template get_or_fetch<Cards>("b", b);
    both += co_await from.template get_or_fetch<Cards>("a", a);
    co_return both;
  };
  const auto caller = ask_both(cache, b_event, a_event);
  const auto fetch = [&]() -> Task<std::string> {
    b_event.complete("b");  // wakes the caller, which asks for what is fetched here
    co_return co_await a_event();
  };
  const auto a = ask<Cards>(cache, "a", fetch);
  CHECK_FALSE(caller.is_done());
  a_event.complete("a");
  REQUIRE(a.is_done());
  CHECK(a.get() == "a");
  REQUIRE(caller.is_done());
  CHECK(caller.get() == "ba");
}

TEMPLATE_TEST_CASE("P10: a woken caller may ask for the same key again at once", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  int calls = 0;
  const auto fails_first = [&]() -> Task<std::string> {
    if (++calls == 1) throw std::runtime_error("first");
    co_return "second";
  };
  const auto retry = [&]() -> Running<std::string> {
    std::string value;
    try {
      value = co_await cache.template get_or_fetch<Cards>("a", fails_first);
    } catch (const std::runtime_error&) {
      value = "failed";
    }
    if (value == "failed") value = co_await cache.template get_or_fetch<Cards>("a", fails_first);
    co_return value;
  };
  const auto caller = retry();
  CHECK(caller.get() == "second");
}

TEMPLATE_TEST_CASE("P10: a waiter that takes over is found to ask for its own key too", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> event;
  const AwaitedChain<Cache<TestType>> chain{cache, "aba"};
  auto leader = ask<Cards>(cache, "a", event);
  const auto waiter = ask<Cards>(cache, "a", chain);
  leader.leave();
  REQUIRE(waiter.is_done());
  CHECK_THROWS_AS(waiter.get(), recursive_fetch);
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

TEST_CASE("P10: a blocking get() that could only wait for its own thread gets recursive_fetch") {
  Cache<support::Local> cache;
  ManualFetch<std::string> event;
  SECTION("for a fetch of its own") {
    CHECK_THROWS_AS(cache.get_or_fetch<Cards>("a", event).get(), recursive_fetch);
    CHECK(event.destroyed() == 1);
  }
  SECTION("for somebody else's, which goes on") {
    const auto leader = ask<Cards>(cache, "a", event);
    CHECK_THROWS_AS(cache.get_or_fetch<Cards>("a", event).get(), recursive_fetch);
    CHECK(event.started() == 1);
    event.complete("value");
    CHECK(leader.get() == "value");
    CHECK(cache.get_or_fetch<Cards>("a", event).get() == "value");
  }
  SECTION("for a fetch of its own, while others wait who then run theirs") {
    Running<std::string> other;
    const auto fetch = [&]() -> Task<std::string> { co_return co_await event(); };
    auto lookup = cache.get_or_fetch<Cards>("a", fetch);
    REQUIRE_FALSE(lookup.operator co_await().await_ready());
    other = ask<Cards>(cache, "a", event);
    CHECK_THROWS_AS(cache.get_or_fetch<Cards>("a", event).get(), recursive_fetch);
    CHECK(event.running() == 1);
    event.complete("value");
    CHECK(other.get() == "value");
  }
  CHECK(cache.stats<Cards>().in_flight == 0);
}

TEST_CASE("P10: a blocking get() of a fetch that ends at once is no recursion") {
  Cache<support::Local> cache;
  const auto task = []() -> Task<std::string> { co_return "value"; };
  CHECK(cache.get_or_fetch<Cards>("a", task).get() == "value");
  CHECK(cache.get_or_fetch<Cards>("a", task).get() == "value");
}

TEST_CASE("the exceptions of the cache say whose they are") {
  CHECK(std::string(tiercache::recursive_fetch().what()).rfind("tiercache: ", 0) == 0);
  CHECK(std::string(tiercache::fetch_abandoned().what()).rfind("tiercache: ", 0) == 0);
}

}  // namespace
