#include "allocations.hpp"
#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "expected.hpp"
#include "manual_fetch.hpp"
#include "running.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace support;

namespace {

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1),
                                                .not_found_ttl = std::chrono::minutes(1)};
};

struct Numbers : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

using Keys = std::vector<std::string>;
using Results = std::vector<std::optional<std::string>>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

const Keys keys{"the first key, too long for the buffer", "the second key, too long for the buffer",
                "the third key, too long for the buffer"};
const std::string value = "a value too long for the string's own buffer";

template <class Cache, class F>
Running<Results> ask_many(Cache& cache, F& fetcher) {
  co_return co_await cache.template get_or_fetch_many<Cards>(keys, fetcher);
}

bool is_right_or_out_of_memory(const Running<Results>& caller, const Results& expected) {
  try {
    return caller.get() == expected;
  } catch (const std::bad_alloc&) {
    return true;
  }
}

/// With every allocation failing, one after the other, while the lookups begin or while their fetches end.
template <class Config>
void fail_each_allocation(bool fails_at_the_end) {
  bool has_failed = true;
  std::ptrdiff_t n = 0;
  for (; has_failed; ++n) {
    REQUIRE(n < 1'000);
    tiercache::BasicTieredCache<Config, Cards> cache;
    ManualFetch<Pairs> event;
    ManualFetch<std::string> single;
    const auto fetch = [&event](std::span<const std::string>) { return event(); };
    Results expected{value, value, std::nullopt};
    Running<std::string> other;
    Running<Results> first;
    Running<Results> second;
    other = ask<Cards>(cache, keys[0], single);
    std::optional<FailingAllocation> failing;
    if (!fails_at_the_end) failing.emplace(n);
    try {
      first = ask_many(cache, fetch);
      second = ask_many(cache, fetch);
    } catch (const std::bad_alloc&) {}  // there was none for the coroutine itself
    if (!fails_at_the_end) has_failed = FailingAllocation::has_failed();
    failing.reset();
    while (event.running() != 0) {
      Pairs pairs{{keys[1], value}, {"another key, too long for the buffer", value}};
      if (fails_at_the_end) failing.emplace(n);
      event.complete(std::move(pairs));
      if (fails_at_the_end) has_failed = FailingAllocation::has_failed();
      failing.reset();
    }
    single.complete(value);
    REQUIRE(other.get() == value);
    for (const Running<Results>* const caller : {&first, &second}) {
      if (!caller->has_begun()) continue;
      REQUIRE(caller->is_done());
      REQUIRE(is_right_or_out_of_memory(*caller, expected));
    }
    REQUIRE(cache.template stats<Cards>().in_flight == 0);
    const auto fetch_at_once = [](std::span<const std::string> missing) {
      return std::vector<std::string>(missing.size(), value);
    };
    REQUIRE(cache.template get_or_fetch_many<Cards>(keys, fetch_at_once).get().size() == 3);
  }
  CHECK(n > 3);
}

}  // namespace

TEMPLATE_TEST_CASE("P3: an allocation that fails while many keys are looked up leaves nobody suspended", "", Shared,
                   Local) {
  const std::ptrdiff_t live = Allocations::live;
  fail_each_allocation<TestType>(false);
  CHECK(Allocations::live == live);
}

TEMPLATE_TEST_CASE("P3: an allocation that fails while many keys get their answers leaves nobody suspended", "", Shared,
                   Local) {
  const std::ptrdiff_t live = Allocations::live;
  fail_each_allocation<TestType>(true);
  CHECK(Allocations::live == live);
}

// It went on with the lookup of one who was gone.
TEMPLATE_TEST_CASE("P3, P5: who could not begin a fetch for want of memory is destroyed by another who waited for it",
                   "", Shared, Local) {
  for (std::ptrdiff_t n = 0; n < 12; ++n) {
    CAPTURE(n);
    tiercache::BasicTieredCache<TestType, Numbers> cache;
    ManualFetch<int> first_fetch;
    ManualFetch<Expected<int, int>> second_fetch;
    ManualFetch<int> never;
    std::vector<std::function<void()>> jobs;
    const auto post = [&jobs](auto job) { jobs.emplace_back(job); };
    const auto fetch = [](std::span<const int> missing) { return std::vector<int>(missing.begin(), missing.end()); };
    const auto ask_expecting = [&]() -> Running<Expected<int, int>> {
      const auto its_fetch = [&second_fetch] { return second_fetch(); };
      co_return co_await cache.template get_or_fetch<Numbers>(2, its_fetch);
    };
    const auto ask_for_many = [&]() -> Running<std::size_t> {
      const std::vector<int> both{1, 2};
      const auto found = co_await cache.template get_or_fetch_many<Numbers>(both, fetch).resume_on(post);
      co_return found.size();
    };
    const auto ask_for_one = [&]() -> Running<int> {
      co_return co_await cache.template get_or_fetch<Numbers>(1, first_fetch);
    };
    auto first = ask_for_one();
    const auto second = ask_expecting();
    Running<std::size_t> many = ask_for_many();
    const auto destroys = [&]() -> Running<bool> {
      try {
        static_cast<void>(co_await cache.template get_or_fetch<Numbers>(1, never));
      } catch (const tiercache::fetch_abandoned&) {
        many.leave();
      }
      co_return true;
    };
    const auto destroyer = destroys();
    first.leave();                                // so that the many are to lead the fetch of 1
    second_fetch.complete(Unexpected<int>{404});  // and to ask again for 2
    const auto due = std::exchange(jobs, {});
    {
      const FailingAllocation failing(n);
      for (const auto& job : due) job();
    }
    for (const auto& job : std::exchange(jobs, {})) job();
    many.leave();
    if (never.running() != 0) never.complete(1);
    CHECK(destroyer.is_done());
    CHECK(cache.template stats<Numbers>().in_flight == 0);
  }
}

TEMPLATE_TEST_CASE("P3: an allocation that fails as one of many keys is asked for again is a failure", "", Shared,
                   Local) {
  bool has_failed = true;
  std::ptrdiff_t n = 0;
  for (; has_failed; ++n) {
    CAPTURE(n);
    REQUIRE(n < 100);
    tiercache::BasicTieredCache<TestType, Cards> cache;
    ManualFetch<Expected<std::string, int>> single;
    const auto fetch_at_once = [](std::span<const std::string> missing) {
      return std::vector<std::string>(missing.size(), value);
    };
    const auto fetch = [&single] { return single(); };
    const auto other = ask<Cards>(cache, keys[1], fetch);
    const auto many = ask_many(cache, fetch_at_once);
    {
      const FailingAllocation failing(n);
      single.complete(Unexpected<int>{404});
      has_failed = FailingAllocation::has_failed();
    }
    REQUIRE(many.is_done());
    REQUIRE(is_right_or_out_of_memory(many, Results{value, value, value}));
    REQUIRE(cache.template stats<Cards>().in_flight == 0);
  }
  CHECK(n > 1);
}
