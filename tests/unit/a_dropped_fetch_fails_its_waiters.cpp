#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"

#include <tiercache/tiercache.hpp>

#include <string>

namespace {

using namespace std::chrono_literals;
using support::ask;
using support::ManualFetch;
using support::Running;
using tiercache::fetch_abandoned;

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards>;

TEMPLATE_TEST_CASE("P3: a fetch that is dropped by what was to run it fails all who wait, and the key is free", "",
                   support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  const auto leader = ask<Cards>(cache, "a", fetch);
  const auto first = ask<Cards>(cache, "a", fetch);
  const auto second = ask<Cards>(cache, "a", fetch);
  fetch.drop();
  for (const auto* caller : {&leader, &first, &second}) {
    REQUIRE(caller->is_done());
    CHECK_THROWS_AS(caller->get(), fetch_abandoned);
  }
  CHECK(fetch.started() == 1);
  CHECK(cache.template stats<Cards>().fetch_failures == 1);
  CHECK(cache.template stats<Cards>().in_flight == 0);
  const auto next = ask<Cards>(cache, "a", fetch);
  fetch.complete("value");
  CHECK(next.get() == "value");
}

TEMPLATE_TEST_CASE("P3: a fetch may be dropped while it starts", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  struct DropsAtOnce {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) const noexcept { waiting.destroy(); }
    std::string await_resume() const { return {}; }
  };
  // By reference: what is destroyed with the coroutine that awaits it must not be what runs.
  DropsAtOnce drops;
  const auto fetch = [&drops]() -> DropsAtOnce& { return drops; };
  const auto caller = ask<Cards>(cache, "a", fetch);
  REQUIRE(caller.is_done());
  CHECK_THROWS_AS(caller.get(), fetch_abandoned);
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

TEMPLATE_TEST_CASE("P3: a fetch that was taken over may be dropped, too", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  auto leader = ask<Cards>(cache, "a", fetch);
  const auto first = ask<Cards>(cache, "a", fetch);
  const auto second = ask<Cards>(cache, "a", fetch);
  leader.leave();
  fetch.drop();
  REQUIRE(first.is_done());
  CHECK_THROWS_AS(first.get(), fetch_abandoned);
  REQUIRE(second.is_done());
  CHECK_THROWS_AS(second.get(), fetch_abandoned);
}

TEMPLATE_TEST_CASE("P3: a leader may leave when its fetch was dropped already", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  auto leader = cache.template get_or_fetch<Cards>("a", fetch);
  {
    auto begun = cache.template get_or_fetch<Cards>("a", fetch);
    REQUIRE_FALSE(begun.operator co_await().await_ready());
    const auto waiter = ask<Cards>(cache, "a", fetch);
    fetch.drop();
    CHECK_THROWS_AS(waiter.get(), fetch_abandoned);
  }
  CHECK(fetch.started() == 1);
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

TEMPLATE_TEST_CASE("P3: a fetch that never ends holds up its own key only", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> never;
  ManualFetch<std::string> fetch;
  const auto stuck = ask<Cards>(cache, "a", never);
  const auto other = ask<Cards>(cache, "b", fetch);
  fetch.complete("b");
  CHECK(other.get() == "b");
  // An invalidation gives the key back to who asks from then on.
  cache.template invalidate<Cards>("a");
  const auto unstuck = ask<Cards>(cache, "a", fetch);
  fetch.complete("a");
  CHECK(unstuck.get() == "a");
  CHECK_FALSE(stuck.is_done());
}

}  // namespace
