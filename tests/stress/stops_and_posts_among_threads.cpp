#include "catch.hpp"
#include "running.hpp"
#include "watchdog.hpp"
#include "worker.hpp"

#include <tiercache/tiercache.hpp>

#include <atomic>
#include <stop_token>
#include <thread>

namespace {

using support::OnWorker;
using support::Worker;

struct Cards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = tiercache::forever, .capacity = 8};
};
using Cache = tiercache::TieredCache<Cards>;

struct Counts {
  std::atomic<int> answered = 0;
  std::atomic<int> stopped = 0;
  std::atomic<int> elsewhere = 0;
  [[nodiscard]] int ended() const { return answered + stopped; }
};

support::Detached ask_until(Cache& cache, Worker& fetching, int key, std::stop_token token, Counts& counts) {
  const auto fetch = [&fetching](int asked) { return OnWorker<int>{&fetching, asked}; };
  try {
    const int answer = co_await cache.get_or_fetch<Cards>(key, tiercache::owned(fetch)).stop_on(token);
    if (answer != key) ++counts.elsewhere;
    ++counts.answered;
  } catch (const tiercache::fetch_abandoned&) {
    ++counts.stopped;
  }
}

support::Detached ask_through(Cache& cache, Worker& fetching, Worker& home, int key, std::stop_token token,
                              Counts& counts) {
  const auto fetch = [&fetching](int asked) { return OnWorker<int>{&fetching, asked}; };
  const auto post = [&home](auto job) { home.post(job); };
  try {
    const int answer = co_await cache.get_or_fetch<Cards>(key, tiercache::owned(fetch)).stop_on(token).resume_on(post);
    if (answer != key || !home.is_this_thread()) ++counts.elsewhere;
    ++counts.answered;
  } catch (const tiercache::fetch_abandoned&) {
    if (!home.is_this_thread()) ++counts.elsewhere;
    ++counts.stopped;
  }
}

}  // namespace

TEST_CASE("P3: whoever is told to stop while the fetch ends on another thread is resumed, once") {
  const support::Watchdog watchdog("P3: one who was told to stop was not resumed");
  constexpr int rounds = 5'000;
  Cache cache;
  Counts counts;
  {
    Worker fetching;
    for (int round = 0; round < rounds; ++round) {
      std::stop_source stop;
      for (int i = 0; i < 3; ++i) ask_until(cache, fetching, round, stop.get_token(), counts);
      for (int i = round % 64; i > 0; --i) static_cast<void>(stop.stop_requested());
      stop.request_stop();
    }
  }
  CHECK(counts.ended() == 3 * rounds);
  CHECK(counts.elsewhere == 0);
  CHECK(cache.stats<Cards>().in_flight == 0);
}

TEST_CASE("P3: a coroutine with an executor is resumed there, once, whether it is answered or told to stop") {
  const support::Watchdog watchdog("P3: one who waited for its executor was not resumed");
  constexpr int rounds = 5'000;
  Cache cache;
  Counts counts;
  {
    Worker home;
    {
      Worker fetching;
      for (int round = 0; round < rounds; ++round) {
        std::stop_source stop;
        // Begun where it is resumed, so that it is there if it does not have to wait.
        for (int i = 0; i < 2; ++i) {
          home.post([&, round, token = stop.get_token()] { ask_through(cache, fetching, home, round, token, counts); });
        }
        for (int i = round % 64; i > 0; --i) static_cast<void>(stop.stop_requested());
        if (round % 2 == 0) stop.request_stop();
      }
      while (counts.ended() < 2 * rounds) std::this_thread::yield();
    }
  }
  CHECK(counts.ended() == 2 * rounds);
  CHECK(counts.elsewhere == 0);
  CHECK(cache.stats<Cards>().in_flight == 0);
}

TEST_CASE("P5: coroutines leave on their executor while the fetch ends on another thread") {
  const support::Watchdog watchdog("P5: one who left on its executor was waited for");
  constexpr int rounds = 5'000;
  Cache cache;
  std::atomic<int> left = 0;
  {
    Worker home;
    Worker fetching;
    for (int round = 0; round < rounds; ++round) {
      home.post([&, round] {
        const auto ask = [&](int key) -> support::Running<int> {
          const auto fetch = [&fetching](int asked) { return OnWorker<int>{&fetching, asked}; };
          const auto post = [&home](auto job) { home.post(job); };
          co_return co_await cache.get_or_fetch<Cards>(key, tiercache::owned(fetch)).resume_on(post);
        };
        auto leader = ask(round);
        auto waiter = ask(round);
        leader.leave();
        waiter.leave();
        ++left;
      });
    }
    while (left < rounds) std::this_thread::yield();
  }
  CHECK(cache.stats<Cards>().in_flight == 0);
}
