#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ask;
using support::Detached;
using support::ManualFetch;
using support::Running;

struct Cards : tiercache::Tier<std::string, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards>;

// A stack that grew with each would overflow.
constexpr std::size_t many = 100'000;

template <class F, class AnyCache>
auto ask_often(AnyCache& cache, F& fetch) {
  std::vector<Running<int>> callers;
  callers.reserve(many);
  for (std::size_t i = 0; i < many; ++i) callers.push_back(ask<Cards>(cache, "a", fetch));
  return callers;
}

std::size_t served(const std::vector<Running<int>>& callers) {
  return static_cast<std::size_t>(std::count_if(
      callers.begin(), callers.end(), [](const auto& caller) { return caller.is_done() && caller.get() == 7; }));
}

TEMPLATE_TEST_CASE("P1: a hundred thousand callers wait for one fetch", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<int> fetch;
  const auto callers = ask_often(cache, fetch);
  CHECK(fetch.started() == 1);
  fetch.complete(7);
  CHECK(served(callers) == many);
}

TEMPLATE_TEST_CASE("P5: a hundred thousand callers leave, each in the lead", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<int> fetch;
  auto callers = ask_often(cache, fetch);
  for (std::size_t i = 0; i + 1 < many; ++i) callers[i].leave();
  CHECK(fetch.destroyed() == static_cast<int>(many) - 1);
  fetch.complete(7);
  CHECK(callers.back().get() == 7);
}

TEMPLATE_TEST_CASE("P1: a hundred thousand callers cannot take an answer, and fetch one after the other", "",
                   support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::optional<int>> none;
  const auto leader = ask<Cards>(cache, "a", none);
  SECTION("the first of them for all") {
    ManualFetch<int> fetch;
    const auto callers = ask_often(cache, fetch);
    none.complete(std::nullopt);
    CHECK(fetch.started() == 1);
    fetch.complete(7);
    CHECK(served(callers) == many);
  }
  SECTION("each in vain") {
    std::size_t calls = 0;
    const auto fetch = [&calls]() -> int {
      ++calls;
      throw std::runtime_error("no");
    };
    const auto callers = ask_often(cache, fetch);
    none.complete(std::nullopt);
    CHECK(calls == many);
    CHECK(std::all_of(callers.begin(), callers.end(), [](const auto& caller) { return caller.is_done(); }));
  }
}

/// Waits without a key or an answer of its own: a million of these have to fit.
template <class Look>
Detached wait_for(const Look& look, std::size_t& served) {
  const int answer = co_await look();
  if (answer == 7) ++served;
}

// Ways to look one key up, each of a million waiters the same.

struct Plain {
  static auto look_up(Cache<support::Shared>& cache, ManualFetch<int>& fetch, const std::stop_token&) {
    return cache.get_or_fetch<Cards>("a", fetch);
  }
};
struct Owned {
  static auto look_up(Cache<support::Shared>& cache, ManualFetch<int>& fetch, const std::stop_token&) {
    return cache.get_or_fetch<Cards>("a", tiercache::owned([&fetch] { return fetch(); }));
  }
};
struct Loaded {
  static auto look_up(Cache<support::Shared>& cache, ManualFetch<int>&, const std::stop_token&) {
    return cache.get_or_fetch<Cards>("a");
  }
};
struct Posted {
  static auto look_up(Cache<support::Shared>& cache, ManualFetch<int>& fetch, const std::stop_token&) {
    return cache.get_or_fetch<Cards>("a", fetch).resume_on([](auto job) { job(); });
  }
};
struct Stoppable {
  static auto look_up(Cache<support::Shared>& cache, ManualFetch<int>& fetch, const std::stop_token& token) {
    return cache.get_or_fetch<Cards>("a", fetch).stop_on(token);
  }
};

TEMPLATE_TEST_CASE("P1: a million callers wait for one fetch, in whatever way, and are resumed from one place", "",
                   Plain, Owned, Loaded, Posted, Stoppable) {
  constexpr std::size_t million = 1'000'000;
  Cache<support::Shared> cache;
  ManualFetch<int> fetch;
  std::stop_source stop;
  const std::stop_token token = stop.get_token();
  cache.set_loader<Cards>([&fetch] { return fetch(); });
  const auto look = [&] { return TestType::look_up(cache, fetch, token); };
  std::size_t answered = 0;
  for (std::size_t i = 0; i < million; ++i) wait_for(look, answered);
  CHECK(fetch.started() == 1);
  fetch.complete(7);
  CHECK(answered == million);
}

}  // namespace
