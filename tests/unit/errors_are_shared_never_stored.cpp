#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "expected.hpp"
#include "manual_fetch.hpp"
#include "task.hpp"

#include <tiercache/tiercache.hpp>

#include <new>
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
using support::Task;
using support::Unexpected;

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .not_found_ttl = 1min};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards>;

using Result = Expected<std::string, int>;

template <class E, class AnyCache>
void check_shared(AnyCache& cache, const E& exception) {
  ManualFetch<std::string> fetch;
  std::vector<Running<std::string>> callers;
  for (int i = 0; i < 4; ++i) callers.push_back(ask<Cards>(cache, "a", fetch));
  fetch.fail(exception);
  for (const auto& caller : callers) {
    REQUIRE(caller.is_done());
    CHECK_THROWS_AS(caller.get(), E);
  }
  CHECK(fetch.started() == 1);
  CHECK(cache.template stats<Cards>().fetch_failures == 1);
  CHECK(cache.template stats<Cards>().in_flight == 0);
  CHECK_FALSE(cache.template peek<Cards>("a"));

  const auto again = ask<Cards>(cache, "a", fetch);
  CHECK(fetch.started() == 2);
  fetch.complete("value");
  CHECK(again.get() == "value");
  CHECK(cache.template get<Cards>("a") == "value");
}

struct NoException {};

TEMPLATE_TEST_CASE("P2: what a fetch throws reaches everybody who waits, whatever it is, and is not stored", "",
                   support::Shared, support::Local) {
  Cache<TestType> cache;
  SECTION("an exception") {
    check_shared(cache, std::runtime_error("no"));
  }
  SECTION("an int") {
    check_shared(cache, 7);
  }
  SECTION("bad_alloc") {
    check_shared(cache, std::bad_alloc());
  }
  SECTION("a type that is no exception") {
    check_shared(cache, NoException());
  }
}

TEMPLATE_TEST_CASE("P2: a fetcher may throw before there is anything to await", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  int calls = 0;
  SECTION("one that returns a value") {
    const auto fetch = [&]() -> std::string {
      ++calls;
      throw 7;
    };
    CHECK_THROWS_AS(cache.template get_or_fetch<Cards>("a", fetch).get(), int);
    const auto caller = ask<Cards>(cache, "a", fetch);
    REQUIRE(caller.is_done());
    CHECK_THROWS_AS(caller.get(), int);
  }
  SECTION("one that would return an awaitable") {
    const auto fetch = [&]() -> Task<std::string> {
      ++calls;
      throw 7;
    };
    const auto before_it_returns = [&](const std::string&) -> Task<std::string> {
      if (++calls > 0) throw 7;
      return fetch();
    };
    CHECK_THROWS_AS(cache.template get_or_fetch<Cards>("a", before_it_returns).get(), int);
    const auto caller = ask<Cards>(cache, "a", before_it_returns);
    REQUIRE(caller.is_done());
    CHECK_THROWS_AS(caller.get(), int);
  }
  SECTION("a coroutine, before it suspends") {
    const auto fetch = [&]() -> Task<std::string> {
      ++calls;
      throw 7;
      co_return "never";
    };
    CHECK_THROWS_AS(cache.template get_or_fetch<Cards>("a", fetch).get(), int);
    const auto caller = ask<Cards>(cache, "a", fetch);
    REQUIRE(caller.is_done());
    CHECK_THROWS_AS(caller.get(), int);
  }
  CHECK(calls == 2);
  CHECK(cache.template stats<Cards>().fetch_failures == 2);
  CHECK(cache.template stats<Cards>().in_flight == 0);
  CHECK(cache.template size<Cards>() == 0);
}

TEMPLATE_TEST_CASE("P2: the awaiter itself may throw, at each of its steps", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  struct Throwing {
    explicit Throwing(int its_step) noexcept : step(its_step) {}
    bool await_ready() const {
      if (step == 0) throw step;
      return step == 2;
    }
    void await_suspend(std::coroutine_handle<>) const {
      if (step == 1) throw step;
    }
    std::string await_resume() const { throw step; }
    int step;
  };
  const int step = GENERATE(0, 1, 2);
  const auto fetch = [step] { return Throwing(step); };
  const auto caller = ask<Cards>(cache, "a", fetch);
  REQUIRE(caller.is_done());
  CHECK_THROWS_AS(caller.get(), int);
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

TEMPLATE_TEST_CASE("P2: the failed fetch is gone before the first of those who waited is resumed", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  std::vector<std::uint64_t> in_flight;
  const auto retry = [](Cache<TestType>& from, ManualFetch<std::string>& by,
                        std::vector<std::uint64_t>& seen) -> Running<std::string> {
    std::string value;
    try {
      value = co_await from.template get_or_fetch<Cards>("a", by);
    } catch (const std::runtime_error&) {
      seen.push_back(from.template stats<Cards>().in_flight);
    }
    if (value.empty()) value = co_await from.template get_or_fetch<Cards>("a", by);
    co_return value;
  };
  const auto first = retry(cache, fetch, in_flight);
  const auto second = retry(cache, fetch, in_flight);
  fetch.fail(std::runtime_error("no"));
  // The first one's retry fetches anew; the second one's joins it.
  CHECK(in_flight == std::vector<std::uint64_t>{0, 1});
  CHECK(fetch.started() == 2);
  CHECK_FALSE(first.is_done());
  fetch.complete("value");
  CHECK(first.get() == "value");
  CHECK(second.get() == "value");
}

TEMPLATE_TEST_CASE("P2: a failed fetch leaves what was stored as it was", "", support::Shared, support::Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  cache.template put<Cards>("a", "old");
  tiercache::ManualClock::advance(1min);
  const auto fetch = []() -> std::string { throw std::runtime_error("no"); };
  CHECK_THROWS_AS(cache.template get_or_fetch<Cards>("a", fetch).get(), std::runtime_error);
  REQUIRE(cache.template peek<Cards>("a"));
  CHECK(cache.template peek<Cards>("a")->value == "old");
  CHECK_FALSE(cache.template get<Cards>("a"));
}

TEMPLATE_TEST_CASE("P2: an error that is no exception reaches everybody who waits and is not stored", "",
                   support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<Result> fetch;
  std::vector<Running<Result>> callers;
  for (int i = 0; i < 4; ++i) callers.push_back(ask<Cards>(cache, "a", fetch));
  fetch.complete(Unexpected<int>{404});
  for (const auto& caller : callers) {
    REQUIRE(caller.is_done());
    REQUIRE_FALSE(caller.get().has_value());
    CHECK(caller.get().error() == 404);
  }
  CHECK(fetch.started() == 1);
  CHECK(cache.template stats<Cards>().fetch_failures == 1);
  CHECK(cache.template size<Cards>() == 0);

  const auto again = ask<Cards>(cache, "a", fetch);
  CHECK(fetch.started() == 2);
  fetch.complete("value");
  CHECK(*again.get() == "value");
  CHECK(cache.template get<Cards>("a") == "value");
}

TEMPLATE_TEST_CASE("P2: an exception never becomes \"there is none\"", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::optional<std::string>> fetch;
  const auto first = ask<Cards>(cache, "a", fetch);
  fetch.fail(std::runtime_error("no"));
  CHECK_THROWS_AS(first.get(), std::runtime_error);
  const auto second = ask<Cards>(cache, "a", fetch);
  CHECK(fetch.started() == 2);
  fetch.complete("value");
  CHECK(second.get() == "value");
}

TEMPLATE_TEST_CASE("P2: an exception reaches those who expect another kind of answer, too", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  ManualFetch<Result> expecting;
  ManualFetch<std::optional<std::string>> optional;
  const auto first = ask<Cards>(cache, "a", fetch);
  const auto second = ask<Cards>(cache, "a", expecting);
  const auto third = ask<Cards>(cache, "a", optional);
  fetch.fail(7);
  CHECK_THROWS_AS(first.get(), int);
  CHECK_THROWS_AS(second.get(), int);
  CHECK_THROWS_AS(third.get(), int);
  CHECK(expecting.started() + optional.started() == 0);
}

TEST_CASE("P2: an error is destroyed with the last one who waits for it") {
  static int alive = 0;
  struct Error {
    Error() noexcept { ++alive; }
    Error(const Error&) noexcept { ++alive; }
    Error& operator=(const Error&) = default;
    ~Error() { --alive; }
  };
  using Failed = Expected<std::string, Error>;
  Cache<support::Shared> cache;
  ManualFetch<Failed> event;
  {
    const auto ask_expecting = [&]() -> Running<bool> {
      const Failed failed = co_await cache.get_or_fetch<Cards>("a", event);
      co_return !failed.has_value();
    };
    const auto first = ask_expecting();
    const auto second = ask_expecting();
    event.complete(Unexpected<Error>{});
    CHECK(first.get());
    CHECK(second.get());
  }
  CHECK(alive == 0);
}

}  // namespace
