#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "running.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

using namespace support;

namespace {

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1), .capacity = 4};
};
struct Workspace : tiercache::Tier<tiercache::Unkeyed, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards, Workspace>;

template <class Config>
Running<std::string> load(Cache<Config>& cache, std::string key) {
  co_return co_await cache.template get_or_fetch<Cards>(key);
}

}  // namespace

TEMPLATE_TEST_CASE("a loader answers all who bring no fetcher", "", Shared, Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  int loaded = 0;
  cache.template set_loader<Cards>([&loaded](const std::string& key) { return key + " #" + std::to_string(++loaded); });
  CHECK(cache.template get_or_fetch<Cards>("home").get() == "home #1");
  CHECK(load(cache, "home").get() == "home #1");
  CHECK(load(cache, "work").get() == "work #2");
  tiercache::ManualClock::advance(std::chrono::minutes(1));
  CHECK(load(cache, "home").get() == "home #3");
  const auto own = [] { return std::string("own"); };
  CHECK(cache.template get_or_fetch<Cards>("other", own).get() == "own");

  cache.template set_loader<Workspace>([] { return tiercache::CacheEntry<int>{.value = 7}; });
  CHECK(cache.template get_or_fetch<Workspace>().get() == 7);
}

TEMPLATE_TEST_CASE("P5: what a loader fetches goes on whoever leaves", "", Shared, Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> event;
  cache.template set_loader<Cards>([&event] { return event(); });
  auto leader = load(cache, "home");
  const auto waiter = load(cache, "home");
  leader.leave();
  CHECK(event.destroyed() == 0);
  CHECK(event.started() == 1);
  event.complete("value");
  CHECK(waiter.get() == "value");
  CHECK(cache.template get<Cards>("home") == "value");
}

TEST_CASE("P5: one without a fetcher who comes to lead asks the loader") {
  Cache<Shared> cache;
  ManualFetch<std::string> borrowed;
  ManualFetch<std::string> event;
  cache.set_loader<Cards>([&event] { return event(); });
  auto leader = ask<Cards>(cache, "home", borrowed);
  const auto waiter = load(cache, "home");
  leader.leave();
  CHECK(event.started() == 1);
  event.complete("loaded");
  CHECK(waiter.get() == "loaded");
}

TEST_CASE("a miss without a loader throws, and says what to do") {
  Cache<Shared> cache;
  CHECK_THROWS_AS(cache.get_or_fetch<Cards>("home").get(), std::invalid_argument);
  CHECK_THROWS_WITH(load(cache, "home").get(),
                    "tiercache: Cards: there is no loader; give one with set_loader before get_or_fetch<T>(key)");
  CHECK(cache.stats<Cards>().fetch_failures == 2);
  CHECK(cache.stats<Cards>().in_flight == 0);
  cache.put<Cards>("home", "stored");
  CHECK(cache.get_or_fetch<Cards>("home").get() == "stored");
}

TEST_CASE("a loader that is replaced lives until its last fetch has ended") {
  Cache<Shared> cache;
  ManualFetch<std::string> event;
  const auto captured = std::make_shared<int>(0);
  cache.set_loader<Cards>([&event, captured] { return event(); });
  const auto running = load(cache, "home");
  cache.set_loader<Cards>([] { return std::string("new"); });
  CHECK(captured.use_count() == 2);
  CHECK(load(cache, "work").get() == "new");
  event.complete("old");
  CHECK(running.get() == "old");
  CHECK(captured.use_count() == 1);
}

TEST_CASE("P2: what a loader throws goes to all who wait") {
  Cache<Shared> cache;
  ManualFetch<std::string> event;
  cache.set_loader<Cards>([&event] { return event(); });
  const auto first = load(cache, "home");
  const auto second = load(cache, "home");
  event.fail(std::runtime_error("no"));
  CHECK_THROWS_WITH(first.get(), "no");
  CHECK_THROWS_WITH(second.get(), "no");
}

TEST_CASE("P10: a loader that asks for the key that it loads gets recursive_fetch") {
  Cache<Shared> cache;
  cache.set_loader<Cards>([&cache](const std::string& key) { return cache.get_or_fetch<Cards>(key).get(); });
  CHECK_THROWS_AS(cache.get_or_fetch<Cards>("home").get(), tiercache::recursive_fetch);
}
