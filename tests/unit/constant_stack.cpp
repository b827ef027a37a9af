#include "catch.hpp"
#include "configs.hpp"
#include "running.hpp"
#include "task.hpp"

#include <tiercache/tiercache.hpp>

#include <coroutine>
#include <cstdint>
#include <stdexcept>
#include <stop_token>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::Running;
using support::Task;

struct Numbers : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 10};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Numbers>;

// A stack that grew by only a hundred bytes a turn would overflow, whatever the optimisation.
constexpr int turns = 1'000'000;
constexpr int fewer = 100'000;
constexpr int misses = 250'000;  // each takes some microseconds where nothing is optimised

TEMPLATE_TEST_CASE("P9: a million hits in a row take no stack", "", support::Shared, support::Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  cache.template put<Numbers>(1, 10);
  const auto loop = [](Cache<TestType>& from) -> Running<std::int64_t> {
    const auto fetch = []() -> Task<int> { co_return 0; };
    std::int64_t sum = 0;
    for (int i = 0; i < turns; ++i) {
      const int number = co_await from.template get_or_fetch<Numbers>(1, fetch);
      sum += number;
    }
    co_return sum;
  };
  const auto caller = loop(cache);
  REQUIRE(caller.is_done());
  CHECK(caller.get() == 10LL * turns);
}

TEMPLATE_TEST_CASE("P9: a million misses that are answered at once take no stack", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  const auto loop = [](Cache<TestType>& from) -> Running<std::int64_t> {
    const auto fetch = [](int key) { return key % 2; };
    std::int64_t sum = 0;
    for (int i = 0; i < turns; ++i) {
      const int number = co_await from.template get_or_fetch<Numbers>(i, fetch);
      sum += number;
    }
    co_return sum;
  };
  const auto caller = loop(cache);
  REQUIRE(caller.is_done());
  CHECK(caller.get() == turns / 2);
  CHECK(cache.template stats<Numbers>().misses == turns);
}

TEMPLATE_TEST_CASE("P9: awaitables that are ready at once, and fetches that fail at once, take no stack", "",
                   support::Shared, support::Local) {
  Cache<TestType> cache;
  struct Ready {
    explicit Ready(int its_number) noexcept : number(its_number) {}
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    int await_resume() const {
      if (number % 100 == 0) throw std::runtime_error("hundred");
      return number % 2;
    }
    int number;
  };
  const auto loop = [](Cache<TestType>& from) -> Running<int> {
    const auto fetch = [](int key) { return Ready(key); };
    int failures = 0;
    for (int i = 0; i < fewer; ++i) {
      try {
        const int number = co_await from.template get_or_fetch<Numbers>(i, fetch);
        static_cast<void>(number);
      } catch (const std::runtime_error&) {
        ++failures;
      }
    }
    co_return failures;
  };
  const auto caller = loop(cache);
  REQUIRE(caller.is_done());
  CHECK(caller.get() == fewer / 100);
}

// Ways to look a key up, with a fetcher that answers at once.

struct Owned {
  static auto look_up(Cache<support::Shared>& cache, const int& key, const auto& fetch, const std::stop_token&) {
    return cache.get_or_fetch<Numbers>(key, tiercache::owned(fetch));
  }
};
struct Loaded {
  static auto look_up(Cache<support::Shared>& cache, const int& key, const auto&, const std::stop_token&) {
    return cache.get_or_fetch<Numbers>(key);
  }
};
struct Posted {
  static auto look_up(Cache<support::Shared>& cache, const int& key, const auto& fetch, const std::stop_token&) {
    return cache.get_or_fetch<Numbers>(key, fetch).resume_on([](auto job) { job(); });
  }
};
struct Stoppable {
  static auto look_up(Cache<support::Shared>& cache, const int& key, const auto& fetch, const std::stop_token& token) {
    return cache.get_or_fetch<Numbers>(key, fetch).stop_on(token);
  }
};

template <class Form, class Key>
Running<std::int64_t> look_up_often(Cache<support::Shared>& cache, std::stop_token token, int times, Key key_of) {
  const auto fetch = [](int key) { return key % 2; };
  std::int64_t sum = 0;
  for (int i = 0; i < times; ++i) {
    const int key = key_of(i);
    const int number = co_await Form::look_up(cache, key, fetch, token);
    sum += number;
  }
  co_return sum;
}

TEMPLATE_TEST_CASE("P9: hits in a row, and misses answered at once, take no stack, in whatever way they are asked for",
                   "", Owned, Loaded, Posted, Stoppable) {
  tiercache::ManualClock::reset();
  Cache<support::Shared> cache;
  cache.set_loader<Numbers>([](int key) { return key % 2; });
  const std::stop_source stop;
  SECTION("hits") {
    cache.put<Numbers>(1, 10);
    const auto caller = look_up_often<TestType>(cache, stop.get_token(), turns, [](int) { return 1; });
    REQUIRE(caller.is_done());
    CHECK(caller.get() == 10LL * turns);
  }
  SECTION("misses") {
    const auto caller = look_up_often<TestType>(cache, stop.get_token(), misses, [](int i) { return i; });
    REQUIRE(caller.is_done());
    CHECK(caller.get() == misses / 2);
    CHECK(cache.stats<Numbers>().misses == misses);
  }
}

TEST_CASE("P9: fetches that end before the lookup is suspended take no stack, whoever owns them") {
  Cache<support::Shared> cache;
  const auto loop = [](Cache<support::Shared>& from) -> Running<std::int64_t> {
    const auto fetch = [](int key) -> Task<int> { co_return key % 2; };
    auto owned = tiercache::owned(fetch);
    std::int64_t sum = 0;
    for (int i = 0; i < fewer; ++i) {
      const int borrowed_answer = co_await from.get_or_fetch<Numbers>(2 * i, fetch);
      const int owned_answer = co_await from.get_or_fetch<Numbers>(2 * i + 1, owned);
      sum += borrowed_answer + owned_answer;
    }
    co_return sum;
  };
  const auto caller = loop(cache);
  REQUIRE(caller.is_done());
  CHECK(caller.get() == fewer);
}

TEST_CASE("P9: any number of callers who come to lead and give up take no stack") {
  Cache<support::Shared> cache;
  std::stop_source stop;
  const auto ask = [](Cache<support::Shared>& from, std::stop_token token) -> Running<int> {
    const auto fetch = [&token]() -> Task<int> {
      if (token.stop_requested()) throw std::runtime_error("told to stop");
      struct Never {
        static bool await_ready() noexcept { return false; }
        static void await_suspend(std::coroutine_handle<>) noexcept {}
        static void await_resume() noexcept {}
      };
      co_await Never();
      co_return 0;
    };
    co_return co_await from.get_or_fetch<Numbers>(1, fetch).stop_on(token);
  };
  auto leader = ask(cache, {});
  std::vector<Running<int>> callers;
  for (int i = 0; i < fewer; ++i) callers.push_back(ask(cache, stop.get_token()));
  // Whoever is told last leads first: the others come to lead before they are told.
  const std::stop_callback leave(stop.get_token(), [&leader] { leader.leave(); });
  stop.request_stop();
  int abandoned = 0;
  for (const auto& caller : callers) {
    try {
      static_cast<void>(caller.get());
    } catch (const tiercache::fetch_abandoned&) {
      ++abandoned;
    }
  }
  CHECK(abandoned == fewer);
  CHECK(cache.stats<Numbers>().in_flight == 0);
}

}  // namespace
