#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "expected.hpp"
#include "manual_fetch.hpp"

#include <tiercache/tiercache.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ask;
using support::Expected;
using support::ManualFetch;
using support::Running;
using support::Unexpected;

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .not_found_ttl = 1min};
};
struct Forgetful : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards, Forgetful>;

using Optional = std::optional<std::string>;
using Result = Expected<std::string, int>;
using OtherResult = Expected<std::string, std::string>;

TEMPLATE_TEST_CASE("P1: a value reaches callers of every kind from one fetch", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> value;
  ManualFetch<Optional> optional;
  ManualFetch<Result> result;
  const int leader = GENERATE(0, 1, 2);
  Running<std::string> first;
  Running<Optional> second;
  Running<Result> third;
  if (leader == 0) first = ask<Cards>(cache, "a", value);
  if (leader == 1) second = ask<Cards>(cache, "a", optional);
  if (leader == 2) third = ask<Cards>(cache, "a", result);
  if (leader != 0) first = ask<Cards>(cache, "a", value);
  if (leader != 1) second = ask<Cards>(cache, "a", optional);
  if (leader != 2) third = ask<Cards>(cache, "a", result);
  CHECK(value.started() + optional.started() + result.started() == 1);
  if (leader == 0) value.complete("value");
  if (leader == 1) optional.complete("value");
  if (leader == 2) result.complete("value");
  CHECK(first.get() == "value");
  CHECK(second.get() == "value");
  CHECK(*third.get() == "value");
}

TEMPLATE_TEST_CASE("P1: who cannot take \"there is none\" for an answer fetches, and the like-minded share that", "",
                   support::Shared, support::Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  ManualFetch<Optional> none;
  ManualFetch<std::string> some;
  const auto leader = ask<Cards>(cache, "a", none);
  const auto content = ask<Cards>(cache, "a", none);
  std::vector<Running<std::string>> others;
  for (int i = 0; i < 3; ++i) others.push_back(ask<Cards>(cache, "a", some));
  none.complete(std::nullopt);
  REQUIRE(leader.is_done());
  CHECK_FALSE(leader.get());
  REQUIRE(content.is_done());
  CHECK_FALSE(content.get());
  CHECK(some.started() == 1);
  some.complete("value");
  for (const auto& other : others) CHECK(other.get() == "value");
  CHECK(cache.template get<Cards>("a") == "value");
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

TEMPLATE_TEST_CASE("P1: a remembered \"there is none\" is no answer to a fetcher of values", "", support::Shared,
                   support::Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  const auto none = [] { return Optional(); };
  const auto some = [] { return std::string("value"); };
  CHECK_FALSE(cache.template get_or_fetch<Cards>("a", none).get());
  CHECK(cache.template get_or_fetch<Cards>("a", some).get() == "value");
  CHECK(cache.template get_or_fetch<Cards>("a", none).get() == "value");
}

TEMPLATE_TEST_CASE("P1: an error goes to those who can express it, and the others fetch", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  ManualFetch<Result> fails;
  ManualFetch<OtherResult> other_type;
  ManualFetch<std::string> value;
  ManualFetch<Optional> optional;
  const auto leader = ask<Cards>(cache, "a", fails);
  const auto same = ask<Cards>(cache, "a", fails);
  const auto second = ask<Cards>(cache, "a", other_type);
  const auto third = ask<Cards>(cache, "a", value);
  const auto fourth = ask<Cards>(cache, "a", optional);
  fails.complete(Unexpected<int>{404});
  CHECK(leader.get().error() == 404);
  CHECK(same.get().error() == 404);
  CHECK(fails.started() == 1);
  // The next in line leads, and the rest joins it: its error again is only its own.
  CHECK(other_type.started() == 1);
  CHECK(value.started() + optional.started() == 0);
  other_type.complete(Unexpected<std::string>{"gone"});
  CHECK(second.get().error() == "gone");
  CHECK(value.started() == 1);
  value.complete("value");
  CHECK(third.get() == "value");
  CHECK(fourth.get() == "value");
  CHECK(optional.started() == 0);
}

TEMPLATE_TEST_CASE("P1: fetching for oneself may end at once, with a value or an exception", "", support::Shared,
                   support::Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  ManualFetch<Optional> none;
  const auto leader = ask<Cards>(cache, "a", none);
  int calls = 0;
  SECTION("a value, which serves all") {
    const auto fetch = [&] {
      ++calls;
      return std::string("value");
    };
    const auto first = ask<Cards>(cache, "a", fetch);
    const auto second = ask<Cards>(cache, "a", fetch);
    none.complete(std::nullopt);
    CHECK(first.get() == "value");
    CHECK(second.get() == "value");
    CHECK(calls == 1);
  }
  SECTION("an exception, to each its own") {
    const auto fetch = [&]() -> std::string { throw ++calls; };
    const auto first = ask<Cards>(cache, "a", fetch);
    const auto second = ask<Cards>(cache, "a", fetch);
    none.complete(std::nullopt);
    CHECK_THROWS_AS(first.get(), int);
    CHECK_THROWS_AS(second.get(), int);
    CHECK(calls == 2);
  }
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

TEMPLATE_TEST_CASE("P1: where \"there is none\" is not remembered, it is still shared by who waited", "",
                   support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<Optional> none;
  std::vector<Running<Optional>> callers;
  for (int i = 0; i < 10; ++i) callers.push_back(ask<Forgetful>(cache, "a", none));
  none.complete(std::nullopt);
  for (const auto& caller : callers) {
    REQUIRE(caller.is_done());
    CHECK_FALSE(caller.get());
  }
  CHECK(none.started() == 1);
  const auto next = ask<Forgetful>(cache, "a", none);
  CHECK(none.started() == 2);
}

TEMPLATE_TEST_CASE("P5: who fetches for themselves after another's answer may leave as well", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  ManualFetch<Optional> none;
  ManualFetch<std::string> some;
  const auto leader = ask<Cards>(cache, "a", none);
  auto first = ask<Cards>(cache, "a", some);
  auto second = ask<Cards>(cache, "a", some);
  const auto third = ask<Cards>(cache, "a", some);
  none.complete(std::nullopt);
  CHECK(some.running() == 1);
  second.leave();
  CHECK(some.running() == 1);
  first.leave();
  CHECK(some.destroyed() == 1);
  CHECK(some.running() == 1);
  some.complete("value");
  CHECK(third.get() == "value");
}

TEMPLATE_TEST_CASE("P4: who asks again after another's answer, past an invalidation, gets what is stored since", "",
                   support::Shared, support::Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  ManualFetch<Optional> none;
  ManualFetch<std::string> some;
  const auto leader = ask<Cards>(cache, "a", none);
  const auto waiter = ask<Cards>(cache, "a", some);
  cache.template put<Cards>("a", "put");
  none.complete(std::nullopt);
  CHECK_FALSE(leader.get());
  REQUIRE(waiter.is_done());
  CHECK(waiter.get() == "put");
  CHECK(some.started() == 0);
}

}  // namespace
