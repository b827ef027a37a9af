#include "catch.hpp"
#include "running.hpp"
#include "watchdog.hpp"

#include <tiercache/tiercache.hpp>

#include <atomic>
#include <coroutine>
#include <thread>
#include <vector>

namespace {

struct Cards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = tiercache::forever, .capacity = 8};
};
using Cache = tiercache::TieredCache<Cards>;

struct Never {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  int await_resume() const noexcept { return 0; }
};

template <class F>
support::Running<int> ask_by(Cache& cache, int key, const F& fetch) {
  co_return co_await cache.get_or_fetch<Cards>(key, fetch);
}

support::Running<int> ask_in_vain(Cache& cache, int key) {
  const auto never = [] { return Never(); };
  co_return co_await cache.get_or_fetch<Cards>(key, never);
}

// The coroutine's fetch never ends: it is for the threads to take it over whenever it leaves. It is suspended for good,
// so nobody resumes it while it is destroyed.
TEST_CASE("P5: threads that join a fetch while its caller leaves are served") {
  const support::Watchdog watchdog("P5: a thread that joined a fetch while its caller left was not woken");
  Cache cache;
  constexpr int rounds = 20'000;
  std::atomic<int> key = -1;
  std::atomic<int> served = 0;
  std::atomic<int> finished = 0;
  const auto work = [&] {
    for (int round = 0; round < rounds; ++round) {
      while (key < round) std::this_thread::yield();
      const auto fetch = [](int asked) { return asked; };
      if (cache.get_or_fetch<Cards>(round, fetch).get() == round) ++served;
      ++finished;
    }
  };
  std::thread threads[] = {std::thread(work), std::thread(work)};
  for (int round = 0; round < rounds; ++round) {
    auto caller = ask_in_vain(cache, round);
    key = round;
    for (int i = round % 64; i > 0; --i) static_cast<void>(key.load());  // leave sooner or later
    caller.leave();
    while (finished < 2 * (round + 1)) std::this_thread::yield();
  }
  for (auto& thread : threads) thread.join();
  CHECK(served == 2 * rounds);
  CHECK(cache.stats<Cards>().in_flight == 0);
}

// Those behind the next in line leave on one thread while the leader leaves on another. Nobody who may be given the
// lead is destroyed at that moment, and no fetch ends, so that nobody is resumed.
TEST_CASE("P5: the callers of one fetch may leave on several threads at once") {
  const support::Watchdog watchdog("P5: callers that leave on two threads wait for each other");
  Cache cache;
  constexpr int rounds = 20'000;
  std::atomic<int> begun = -1;
  std::atomic<int> ended = 0;
  std::vector<support::Running<int>> waiters;
  std::thread leaving([&] {
    for (int round = 0; round < rounds; ++round) {
      while (begun < round) std::this_thread::yield();
      waiters.clear();
      ++ended;
    }
  });
  int taken_over = 0;
  for (int round = 0; round < rounds; ++round) {
    int calls = 0;
    const auto never = [&calls] {
      ++calls;
      return Never();
    };
    auto leader = ask_in_vain(cache, round);
    auto next = ask_by(cache, round, never);
    for (int i = 0; i < 4; ++i) waiters.push_back(ask_in_vain(cache, round));
    begun = round;
    leader.leave();
    while (ended <= round) std::this_thread::yield();
    taken_over += calls == 1 && !next.is_done() ? 1 : 0;
    next.leave();
  }
  leaving.join();
  CHECK(taken_over == rounds);
  CHECK(cache.stats<Cards>().in_flight == 0);
}

}  // namespace
