#include "allocations.hpp"
#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "expected.hpp"
#include "manual_fetch.hpp"
#include "task.hpp"

#include <tiercache/tiercache.hpp>

#include <cstddef>
#include <new>
#include <optional>
#include <string>

namespace {

using namespace std::chrono_literals;
using support::Allocations;
using support::ask;
using support::FailingAllocation;
using support::ManualFetch;
using support::Running;
using support::Task;

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .not_found_ttl = 1min};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards>;

const std::string key = "a key too long for the string's own buffer";
const std::string value = "a value too long for the string's own buffer";

/// Runs `scenario(n)` with the allocation after the first n failing, for all n until none fails. It tells whether one
/// failed.
template <class Scenario>
void fail_each_allocation(const Scenario& scenario) {
  std::ptrdiff_t n = 0;
  while (scenario(n)) {
    REQUIRE(++n < 1000);
  }
  CHECK(n > 0);
}

template <class AnyCache>
void check_usable(AnyCache& cache) {
  REQUIRE(cache.template stats<Cards>().in_flight == 0);
  const auto fetch = [] { return value; };
  REQUIRE(cache.template get_or_fetch<Cards>(key, fetch).get() == value);
  REQUIRE(cache.template get<Cards>(key) == value);
}

template <class T>
bool is_value_or_bad_alloc(const Running<T>& caller) {
  try {
    return caller.get() == value;
  } catch (const std::bad_alloc&) {
    return true;
  }
}

TEMPLATE_TEST_CASE("P3: an allocation that fails in a blocking get leaves the key free", "", support::Shared,
                   support::Local) {
  tiercache::ManualClock::reset();
  const std::ptrdiff_t live = Allocations::live;
  fail_each_allocation([](std::ptrdiff_t n) {
    Cache<TestType> cache;
    const auto fetch = [] { return value; };
    bool has_failed = false;
    {
      const FailingAllocation failing(n);
      try {
        static_cast<void>(cache.template get_or_fetch<Cards>(key, fetch).get());
      } catch (const std::bad_alloc&) {}
      has_failed = FailingAllocation::has_failed();
    }
    check_usable(cache);
    return has_failed;
  });
  CHECK(Allocations::live == live);
}

TEMPLATE_TEST_CASE("P3: an allocation that fails at the start of an awaited fetch leaves nobody suspended", "",
                   support::Shared, support::Local) {
  const std::ptrdiff_t live = Allocations::live;
  fail_each_allocation([](std::ptrdiff_t n) {
    Cache<TestType> cache;
    ManualFetch<std::string> event;
    const auto fetch = [&event](const std::string& asked) -> Task<std::string> {
      std::string fetched = co_await event();
      co_return asked == key ? fetched : "wrong key";
    };
    bool has_failed = false;
    {
      std::string first_key = key;
      std::string second_key = key;
      Running<std::string> first;
      Running<std::string> second;
      {
        const FailingAllocation failing(n);
        first = ask<Cards>(cache, std::move(first_key), fetch);
        second = ask<Cards>(cache, std::move(second_key), fetch);
        has_failed = FailingAllocation::has_failed();
      }
      while (event.running() != 0) event.complete(value);
      REQUIRE(first.is_done());
      REQUIRE(second.is_done());
      REQUIRE(is_value_or_bad_alloc(first));
      REQUIRE(is_value_or_bad_alloc(second));
      check_usable(cache);
    }
    return has_failed;
  });
  CHECK(Allocations::live == live);
}

TEMPLATE_TEST_CASE("P3: an allocation that fails while a fetch ends leaves nobody suspended", "", support::Shared,
                   support::Local) {
  const std::ptrdiff_t live = Allocations::live;
  fail_each_allocation([](std::ptrdiff_t n) {
    Cache<TestType> cache;
    ManualFetch<std::string> event;
    bool has_failed = false;
    {
      const auto first = ask<Cards>(cache, key, event);
      const auto second = ask<Cards>(cache, key, event);
      std::string fetched = value;
      {
        const FailingAllocation failing(n);
        event.complete(std::move(fetched));
        has_failed = FailingAllocation::has_failed();
      }
      REQUIRE(first.is_done());
      REQUIRE(second.is_done());
      REQUIRE(is_value_or_bad_alloc(first));
      REQUIRE(is_value_or_bad_alloc(second));
      check_usable(cache);
    }
    return has_failed;
  });
  CHECK(Allocations::live == live);
}

TEMPLATE_TEST_CASE("P3: an allocation that fails while an error is handed on leaves nobody suspended", "",
                   support::Shared, support::Local) {
  using Result = support::Expected<std::string, std::string>;
  fail_each_allocation([](std::ptrdiff_t n) {
    Cache<TestType> cache;
    ManualFetch<Result> event;
    const auto first = ask<Cards>(cache, key, event);
    const auto second = ask<Cards>(cache, key, event);
    Result error(support::Unexpected<std::string>{value});
    bool has_failed = false;
    {
      const FailingAllocation failing(n);
      event.complete(std::move(error));
      has_failed = FailingAllocation::has_failed();
    }
    for (const auto* caller : {&first, &second}) {
      REQUIRE(caller->is_done());
      bool is_told = true;
      try {
        is_told = caller->get().error() == value;
      } catch (const std::bad_alloc&) {}
      REQUIRE(is_told);
    }
    check_usable(cache);
    return has_failed;
  });
}

TEMPLATE_TEST_CASE("P3: an allocation that fails in who must fetch for themselves reaches them alone", "",
                   support::Shared, support::Local) {
  fail_each_allocation([](std::ptrdiff_t n) {
    Cache<TestType> cache;
    ManualFetch<std::optional<std::string>> none;
    ManualFetch<std::string> some;
    const auto leader = ask<Cards>(cache, key, none);
    const auto first = ask<Cards>(cache, key, some);
    const auto second = ask<Cards>(cache, key, some);
    bool has_failed = false;
    {
      const FailingAllocation failing(n);
      none.complete(std::nullopt);
      has_failed = FailingAllocation::has_failed();
    }
    REQUIRE(leader.is_done());
    REQUIRE_FALSE(leader.get());
    while (some.running() != 0) some.complete(value);
    REQUIRE(first.is_done());
    REQUIRE(second.is_done());
    REQUIRE(is_value_or_bad_alloc(first));
    REQUIRE(is_value_or_bad_alloc(second));
    check_usable(cache);
    return has_failed;
  });
}

TEMPLATE_TEST_CASE("P3: an allocation that fails in who takes a fetch over leaves nobody suspended", "",
                   support::Shared, support::Local) {
  fail_each_allocation([](std::ptrdiff_t n) {
    Cache<TestType> cache;
    ManualFetch<std::string> event;
    auto leader = ask<Cards>(cache, key, event);
    const auto second = ask<Cards>(cache, key, event);
    const auto third = ask<Cards>(cache, key, event);
    bool has_failed = false;
    {
      const FailingAllocation failing(n);
      leader.leave();
      has_failed = FailingAllocation::has_failed();
    }
    while (event.running() != 0) event.complete(value);
    REQUIRE(second.is_done());
    REQUIRE(third.is_done());
    REQUIRE(is_value_or_bad_alloc(second));
    REQUIRE(is_value_or_bad_alloc(third));
    check_usable(cache);
    return has_failed;
  });
}

TEMPLATE_TEST_CASE("P3: storing that fails for want of memory costs nobody the value", "", support::Shared,
                   support::Local) {
  tiercache::ManualClock::reset();
  // Of the allocations at the end of a fetch, the first fills the outcome; then come those that store it.
  int handed_out_unstored = 0;
  fail_each_allocation([&](std::ptrdiff_t n) {
    Cache<TestType> cache;
    const auto fetch = [] { return std::string(value); };
    auto lookup = cache.template get_or_fetch<Cards>(key, fetch);
    auto awaiter = lookup.operator co_await();
    bool has_failed = false;
    {
      const FailingAllocation failing(n);
      try {
        static_cast<void>(awaiter.await_ready());
      } catch (const std::bad_alloc&) {}
      has_failed = FailingAllocation::has_failed();
    }
    if (has_failed && cache.template stats<Cards>().store_failures == 1) {
      ++handed_out_unstored;
      REQUIRE(awaiter.await_resume() == value);
      REQUIRE_FALSE(cache.template get<Cards>(key));
    }
    check_usable(cache);
    return has_failed;
  });
  CHECK(handed_out_unstored > 0);
}

}  // namespace
