#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "expected.hpp"
#include "manual_fetch.hpp"
#include "running.hpp"
#include "task.hpp"
#include "twice.hpp"

#include <tiercache/tiercache.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <utility>
#include <vector>

using namespace support;

namespace {

struct Numbers : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::hours(1)};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Numbers>;

using Results = std::vector<std::optional<int>>;
using Values = std::vector<int>;

template <class Cache, class F>
Running<int> ask_one(Cache& cache, int key, F& fetcher) {
  co_return co_await cache.template get_or_fetch<Numbers>(key, fetcher);
}
template <class Cache, class F>
Running<Results> ask_many(Cache& cache, Values keys, F& fetcher) {
  co_return co_await cache.template get_or_fetch_many<Numbers>(keys, fetcher);
}

/// Looks a key up when it is destroyed.
struct Post {
  explicit Post(Cache<Shared>& its_cache, std::vector<std::function<void()>>& its_jobs)
      : cache(&its_cache), jobs(&its_jobs) {}
  Post(const Post&) = default;
  Post& operator=(const Post&) = default;
  ~Post() { static_cast<void>(cache->get<Numbers>(7)); }
  template <class Job>
  void operator()(Job job) const {
    jobs->emplace_back(job);
  }
  Cache<Shared>* cache;
  std::vector<std::function<void()>>* jobs;
};

int itself(int key) {
  return key;
}

}  // namespace

// Taking one of its fetches along ended the other, which was destroyed again.
TEMPLATE_TEST_CASE("P5: a bulk lookup that runs two fetches, of which one waits for the other, is destroyed", "",
                   Shared, Local) {
  Cache<TestType> cache;
  ManualFetch<int> single;
  ManualFetch<Values> second;
  // 1 is made of 2.
  const auto fetch = [&](std::span<const int> missing) -> Task<Values> {
    Values values(missing.begin(), missing.end());
    if (values[0] == 1) {
      static_cast<void>(co_await cache.template get_or_fetch<Numbers>(2, itself));
    } else {
      values = co_await second();
    }
    co_return values;
  };
  auto leader = ask_one(cache, 2, single);
  auto many = ask_many(cache, {1, 2}, fetch);
  leader.leave();
  CHECK(second.running() == 1);
  many.leave();
  CHECK(second.destroyed() == 1);
  CHECK(cache.template stats<Numbers>().in_flight == 0);
}

// The key waited for the bulk lookup, whose fetcher waited for the key.
TEST_CASE("P3: a bulk lookup in the middle of its fetcher is passed over") {
  Cache<Shared> cache;
  ManualFetch<int> slow;
  ManualFetch<int> own;
  auto leader = ask_one(cache, 2, slow);
  Running<int> inner;
  const auto fetch = [&](std::span<const int> missing) {
    inner = ask_one(cache, 2, own);  // 1 is made of 2 ...
    leader.leave();                  // ... whose fetch is given up
    CHECK(own.running() == 1);
    return Values(missing.begin(), missing.end());
  };
  const auto many = ask_many(cache, {1, 2}, fetch);
  CHECK(!many.is_done());
  own.complete(20);
  CHECK(inner.get() == 20);
  CHECK(many.get() == Results{1, 20});
  CHECK(cache.stats<Numbers>().in_flight == 0);
}

// Nobody else was there: then the key was locked until the fetcher had ended.
TEST_CASE("P3: a key that a bulk lookup in the middle of its fetcher was to lead is free") {
  Cache<Shared> cache;
  ManualFetch<int> slow;
  auto leader = ask_one(cache, 2, slow);
  int asked = 0;
  const auto fetch = [&](std::span<const int> missing) {
    if (++asked == 1) {
      leader.leave();
      CHECK(cache.get_or_fetch<Numbers>(2, itself).get() == 2);
    }
    return Values(missing.begin(), missing.end());
  };
  const auto many = ask_many(cache, {1, 2}, fetch);
  CHECK(many.get() == Results{1, 2});
  CHECK(cache.stats<Numbers>().in_flight == 0);
}

// They kept the name of the one fetch that they had been.
TEST_CASE("P10: keys that were fetched together may ask for each other once they are passed on") {
  Cache<Shared> cache;
  ManualFetch<Values> together;
  ManualFetch<int> event;
  const auto fetch_both = [&together](std::span<const int>) { return together(); };
  const auto fetch_two = [&cache](int) -> Task<int> {
    const int one = co_await cache.get_or_fetch<Numbers>(1, itself);
    co_return 10 + one;
  };
  auto many = ask_many(cache, {1, 2}, fetch_both);
  const auto one = ask_one(cache, 1, event);
  const auto two = ask_one(cache, 2, fetch_two);
  many.leave();
  event.complete(1);
  CHECK(one.get() == 1);
  CHECK(two.get() == 11);
}

TEST_CASE("P10: a bulk fetch of keys that it came to lead, and that waited within the cache, asks for one of them") {
  Cache<Shared> cache;
  ManualFetch<int> first;
  ManualFetch<int> second;
  ManualFetch<int> third;
  std::vector<std::function<void()>> jobs;
  const auto run = [&jobs] {
    for (const auto& job : std::exchange(jobs, {})) job();
  };
  const int asked_for = GENERATE(1, 2);
  const auto fetch = [&cache, asked_for](std::span<const int> missing) -> Task<Values> {
    Values values(missing.begin(), missing.end());
    static_cast<void>(co_await cache.get_or_fetch<Numbers>(3, itself));
    static_cast<void>(co_await cache.get_or_fetch<Numbers>(asked_for, itself));
    co_return values;
  };
  const auto post = [&jobs](auto job) { jobs.emplace_back(job); };
  const auto ask = [&]() -> Running<Results> {
    const Values keys{1, 2};
    co_return co_await cache.get_or_fetch_many<Numbers>(keys, fetch).resume_on(post);
  };
  auto leader = ask_one(cache, 1, first);
  auto other_leader = ask_one(cache, 2, second);
  const auto waits = ask_one(cache, 3, third);
  const auto many = ask();
  leader.leave();
  other_leader.leave();
  run();
  third.complete(3);
  run();
  REQUIRE(many.is_done());
  CHECK_THROWS_AS(many.get(), tiercache::recursive_fetch);
}

TEST_CASE("P6: what a bulk lookup is posted with is destroyed with no lock held") {
  Cache<Shared> cache;
  ManualFetch<int> single;
  ManualFetch<Values> together;
  const auto fetch = [&together](std::span<const int>) { return together(); };
  std::vector<std::function<void()>> jobs;
  const auto run = [&jobs] {
    for (const auto& job : std::exchange(jobs, {})) job();
  };
  const Post post(cache, jobs);
  const auto ask = [&]() -> Running<Results> {
    const Values keys{1, 2};
    co_return co_await cache.get_or_fetch_many<Numbers>(keys, fetch).resume_on(post);
  };
  auto leader = ask_one(cache, 1, single);
  const auto many = ask();
  leader.leave();
  run();
  together.complete(Values{2});
  together.complete(Values{1});
  run();
  CHECK(many.get() == Results{1, 2});
}

TEST_CASE("get_or_fetch_many: keys that are made by looking keys up") {
  Cache<Shared> cache(tiercache::with<Numbers>({.ttl = std::chrono::hours(1), .capacity = 0}));
  struct Made {
    struct Iterator {
      using value_type = int;
      using difference_type = int;
      int operator*() const { return cache->get_or_fetch<Numbers>(at, itself).get(); }
      Iterator& operator++() {
        ++at;
        return *this;
      }
      Iterator operator++(int) {
        const Iterator before = *this;
        ++at;
        return before;
      }
      bool operator==(const Iterator& other) const { return at == other.at; }
      Cache<Shared>* cache = nullptr;
      int at = 0;
    };
    Iterator begin() const { return {cache, 1}; }
    Iterator end() const { return {cache, 3}; }
    Cache<Shared>* cache;
  };
  const Made keys{&cache};
  const auto fetch = [](std::span<const int> missing) { return Values(missing.begin(), missing.end()); };
  CHECK(cache.get_or_fetch_many<Numbers>(keys, fetch).get() == Results{1, 2});
}

// The answer found only one of its two flights.
TEST_CASE("get_or_fetch_many: a key that is asked for twice, and invalidated in between, is fetched once for both") {
  Cache<Shared> cache;
  const Twice<Cache<Shared>, Numbers> keys{&cache};
  std::vector<Values> asked;
  const auto fetch = [&asked](std::span<const int> missing) {
    asked.emplace_back(missing.begin(), missing.end());
    return Values(missing.begin(), missing.end());
  };
  CHECK(cache.get_or_fetch_many<Numbers>(keys, fetch).get() == Results{7, 7});
  CHECK(asked == std::vector<Values>{{7}});
  CHECK(cache.stats<Numbers>().in_flight == 0);
}

TEST_CASE("get_or_fetch_many: another key after one that was asked for twice, and invalidated in between") {
  Cache<Shared> cache;
  const Twice<Cache<Shared>, Numbers> keys{&cache, {7, 7, 8, 9}};
  std::vector<Values> asked;
  const auto fetch = [&asked](std::span<const int> missing) {
    asked.emplace_back(missing.begin(), missing.end());
    Values values;
    for (const int key : missing) values.push_back(10 * key);
    return values;
  };
  CHECK(cache.get_or_fetch_many<Numbers>(keys, fetch).get() == Results{70, 70, 80, 90});
  CHECK(asked == std::vector<Values>{{7, 8, 9}});
  CHECK(cache.stats<Numbers>().in_flight == 0);
}

// They came in the order in which their fetches had ended, backwards.
TEST_CASE("get_or_fetch_many: keys that it comes to fetch itself are given to its fetcher in the order asked") {
  Cache<Shared> cache;
  ManualFetch<Expected<int, int>> single;
  std::vector<std::function<void()>> jobs;
  std::vector<Values> asked;
  const auto fetch = [&asked](std::span<const int> missing) {
    asked.emplace_back(missing.begin(), missing.end());
    return Values(missing.begin(), missing.end());
  };
  const auto post = [&jobs](auto job) { jobs.emplace_back(job); };
  const auto ask_expecting = [&](int key) -> Running<Expected<int, int>> {
    const auto its_fetch = [&single] { return single(); };
    co_return co_await cache.get_or_fetch<Numbers>(key, its_fetch);
  };
  const auto ask = [&]() -> Running<Results> {
    const Values keys{1, 2, 3};
    co_return co_await cache.get_or_fetch_many<Numbers>(keys, fetch).resume_on(post);
  };
  const std::array leaders{ask_expecting(2), ask_expecting(1), ask_expecting(3)};
  const auto many = ask();
  // An error is no answer to a bulk lookup.
  for (std::size_t i = 0; i < leaders.size(); ++i) single.complete(Unexpected<int>{404});
  for (const auto& job : std::exchange(jobs, {})) job();
  CHECK(asked == std::vector<Values>{{1, 2, 3}});
  CHECK(many.get() == Results{1, 2, 3});
}

TEST_CASE("P5: the failure of a bulk fetcher that destroys its caller is nobody else's") {
  Cache<Shared> cache;
  ManualFetch<int> slow;
  Running<Results> many;
  const auto fetch = [&many](std::span<const int>) -> Values {
    many.leave();
    throw std::runtime_error("gone");
  };
  auto leader = ask_one(cache, 1, slow);
  many = ask_many(cache, {1}, fetch);
  const auto other = ask_one(cache, 1, slow);
  leader.leave();
  REQUIRE(slow.running() == 1);
  slow.complete(1);
  CHECK(other.get() == 1);
  CHECK(cache.stats<Numbers>().in_flight == 0);
}

TEST_CASE("P10: a fetch that has waited for many keys, and was resumed by an executor, asks for its own") {
  Cache<Shared> cache;
  ManualFetch<int> slow;
  std::vector<std::function<void()>> jobs;
  const auto post = [&jobs](auto job) { jobs.emplace_back(job); };
  const auto fetch_many = [](std::span<const int> missing) { return Values(missing.begin(), missing.end()); };
  const auto fetch = [&](int key) -> Task<int> {
    const Values keys{1, 2};
    static_cast<void>(co_await cache.get_or_fetch_many<Numbers>(keys, fetch_many).resume_on(post));
    co_return co_await cache.get_or_fetch<Numbers>(key, itself);
  };
  const auto other = ask_one(cache, 2, slow);
  const auto one = ask_one(cache, 7, fetch);
  slow.complete(2);
  for (const auto& job : std::exchange(jobs, {})) job();
  REQUIRE(one.is_done());
  CHECK_THROWS_AS(one.get(), tiercache::recursive_fetch);
}

TEST_CASE("get_or_fetch_many: an executor has one job, when there is something to be done") {
  Cache<Shared> cache;
  ManualFetch<int> first;
  ManualFetch<int> second;
  std::vector<std::function<void()>> jobs;
  const auto post = [&jobs](auto job) { jobs.emplace_back(job); };
  const auto fetch = [](std::span<const int> missing) { return Values(missing.begin(), missing.end()); };
  const auto ask = [&]() -> Running<Results> {
    const Values keys{1, 2};
    co_return co_await cache.get_or_fetch_many<Numbers>(keys, fetch).resume_on(post);
  };
  auto one = ask_one(cache, 1, first);
  const auto two = ask_one(cache, 2, second);
  const auto many = ask();
  SECTION("when the last answer has come") {
    first.complete(10);
    CHECK(jobs.empty());
    second.complete(20);
  }
  SECTION("when one of its keys is to be fetched again") {
    one.leave();
    REQUIRE(jobs.size() == 1);
    std::exchange(jobs, {})[0]();
    CHECK(cache.get<Numbers>(1) == 1);
    CHECK(jobs.empty());
    second.complete(20);
  }
  REQUIRE(jobs.size() == 1);
  jobs[0]();
  CHECK(many.get().back() == 20);
}
