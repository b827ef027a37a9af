#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "joined.hpp"
#include "manual_fetch.hpp"
#include "watchdog.hpp"

#include <tiercache/tiercache.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
using support::ask;
using support::ManualFetch;
using support::Running;

/// A value that counts how many of its kind there are.
class Counted {
 public:
  explicit Counted(int number) noexcept : number_(number) { ++alive; }
  Counted(const Counted& other) noexcept : number_(other.number_) { ++alive; }
  Counted& operator=(const Counted&) = default;
  ~Counted() { --alive; }
  [[nodiscard]] int number() const noexcept { return number_; }

  static inline std::atomic<int> alive = 0;

 private:
  int number_;
};

struct Cards : tiercache::Tier<std::string, Counted> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .not_found_ttl = 1min};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards>;

TEMPLATE_TEST_CASE("P12: fetches under way when the cache is destroyed end for who waits", "", support::Shared,
                   support::Local) {
  Counted::alive = 0;
  auto cache = std::make_unique<Cache<TestType>>();
  ManualFetch<Counted> fetch;
  {
    const auto leader = ask<Cards>(*cache, "a", fetch);
    const auto waiter = ask<Cards>(*cache, "a", fetch);
    SECTION("with a value") {
      cache.reset();
      fetch.complete(Counted(7));
      REQUIRE(leader.is_done());
      CHECK(leader.get().number() == 7);
      REQUIRE(waiter.is_done());
      CHECK(waiter.get().number() == 7);
    }
    SECTION("with an exception") {
      cache.reset();
      fetch.fail(std::runtime_error("no"));
      CHECK_THROWS_AS(leader.get(), std::runtime_error);
      CHECK_THROWS_AS(waiter.get(), std::runtime_error);
    }
    SECTION("dropped") {
      cache.reset();
      fetch.drop();
      CHECK_THROWS_AS(leader.get(), tiercache::fetch_abandoned);
      CHECK_THROWS_AS(waiter.get(), tiercache::fetch_abandoned);
    }
    SECTION("never") {
      cache.reset();
    }
  }
  CHECK(Counted::alive == 0);
}

TEMPLATE_TEST_CASE("P12: callers may leave after the cache is gone", "", support::Shared, support::Local) {
  auto cache = std::make_unique<Cache<TestType>>();
  ManualFetch<Counted> fetch;
  auto leader = ask<Cards>(*cache, "a", fetch);
  auto second = ask<Cards>(*cache, "a", fetch);
  const auto third = ask<Cards>(*cache, "a", fetch);
  cache.reset();
  second.leave();
  leader.leave();
  CHECK(fetch.destroyed() == 1);
  CHECK(fetch.started() == 2);
  fetch.complete(Counted(7));
  REQUIRE(third.is_done());
  CHECK(third.get().number() == 7);
}

TEMPLATE_TEST_CASE("P12: who cannot take the answer of a fetch fetches for themselves, cache or not", "",
                   support::Shared, support::Local) {
  auto cache = std::make_unique<Cache<TestType>>();
  ManualFetch<std::optional<Counted>> none;
  ManualFetch<Counted> fetch;
  const auto leader = ask<Cards>(*cache, "a", none);
  const auto first = ask<Cards>(*cache, "a", fetch);
  const auto second = ask<Cards>(*cache, "a", fetch);
  cache.reset();
  none.complete(std::nullopt);
  CHECK_FALSE(leader.get());
  REQUIRE(fetch.running() == 1);
  fetch.complete(Counted(7));
  REQUIRE(first.is_done());
  CHECK(first.get().number() == 7);
  REQUIRE(second.is_done());
  CHECK(second.get().number() == 7);
}

TEMPLATE_TEST_CASE("P12: what is fetched after the cache is gone is kept for nobody", "", support::Shared,
                   support::Local) {
  Counted::alive = 0;
  auto cache = std::make_unique<Cache<TestType>>();
  ManualFetch<std::optional<Counted>> none;
  ManualFetch<Counted> fetch;
  ManualFetch<Counted> never;
  const auto holds_on = ask<Cards>(*cache, "b", never);
  const auto leader = ask<Cards>(*cache, "a", none);
  auto asks_again = ask<Cards>(*cache, "a", fetch);
  cache.reset();
  none.complete(std::nullopt);
  fetch.complete(Counted(7));
  CHECK(asks_again.get().number() == 7);
  asks_again = {};
  CHECK(Counted::alive == 0);
}

TEMPLATE_TEST_CASE("P12: a resumed caller may destroy the cache", "", support::Shared, support::Local) {
  Counted::alive = 0;
  {
    auto cache = std::make_unique<Cache<TestType>>();
    ManualFetch<Counted> fetch;
    const auto destroy = [](std::unique_ptr<Cache<TestType>>& from, ManualFetch<Counted>& by) -> Running<int> {
      Counted value = co_await from->template get_or_fetch<Cards>("a", by);
      from.reset();
      co_return value.number();
    };
    const auto first = destroy(cache, fetch);
    const auto second = ask<Cards>(*cache, "a", fetch);
    fetch.complete(Counted(7));
    CHECK_FALSE(cache);
    CHECK(first.get() == 7);
    REQUIRE(second.is_done());
    CHECK(second.get().number() == 7);
  }
  CHECK(Counted::alive == 0);
}

TEMPLATE_TEST_CASE("P12: a listener is not told of the end of the cache, nor called after it", "", support::Shared,
                   support::Local) {
  int heard = 0;
  auto cache = std::make_unique<Cache<TestType>>();
  cache->template on_removal<Cards>([&](const auto&, const auto&, tiercache::RemovalCause) { ++heard; });
  cache->template put<Cards>("a", Counted(1));
  ManualFetch<Counted> fetch;
  const auto leader = ask<Cards>(*cache, "b", fetch);
  cache.reset();
  fetch.complete(Counted(2));
  CHECK(leader.get().number() == 2);
  CHECK(heard == 0);
}

TEST_CASE("P12: a thread that blocks when the cache is destroyed, and cannot take the answer, fetches for itself") {
  const support::Watchdog watchdog("P12: a blocked thread did not fetch after the cache was destroyed");
  auto cache = std::make_unique<tiercache::TieredCache<Cards>>();
  ManualFetch<std::optional<Counted>> none;
  auto leader = ask<Cards>(*cache, "a", none);
  int number = 0;
  std::thread thread([&number, &shared = *cache] {
    const auto own = [] { return Counted(7); };
    number = shared.get_or_fetch<Cards>("a", own).get().number();
  });
  support::wait_until_joined<Cards>(*cache, 1);
  cache.reset();
  none.complete(std::nullopt);
  leader = {};
  thread.join();
  CHECK(number == 7);
}

TEST_CASE("P12: a thread that blocks when the cache is destroyed gets its value") {
  const support::Watchdog watchdog("P12: a blocked thread was not woken after the cache was destroyed");
  auto cache = std::make_unique<tiercache::TieredCache<Cards>>();
  ManualFetch<Counted> fetch;
  const auto leader = ask<Cards>(*cache, "a", fetch);
  int got = 0;
  std::thread thread([&] { got = cache->get_or_fetch<Cards>("a", [] { return Counted(0); }).get().number(); });
  support::wait_until_joined<Cards>(*cache, 1);
  cache.reset();
  fetch.complete(Counted(7));
  thread.join();
  CHECK(got == 7);
}

}  // namespace
