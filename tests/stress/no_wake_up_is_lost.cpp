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

/// Where fetches wait for the thread that ends them.
class Completer {
 public:
  class Call {
   public:
    explicit Call(Completer& completer) noexcept : completer_(completer) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) noexcept {
      waiting_ = waiting;
      Call* next = completer_.first_.load(std::memory_order_relaxed);
      do {
        next_ = next;
      } while (!completer_.first_.compare_exchange_weak(next, this, std::memory_order_release));
    }
    int await_resume() const noexcept { return 7; }

   private:
    friend Completer;
    Completer& completer_;
    std::coroutine_handle<> waiting_;
    Call* next_ = nullptr;
  };

  [[nodiscard]] Call call() noexcept { return Call(*this); }

  /// Ends what waits, as soon as it does, until `is_over`.
  void run(const std::atomic<bool>& is_over) {
    while (!is_over) {
      Call* call = first_.exchange(nullptr, std::memory_order_acquire);
      if (call == nullptr) std::this_thread::yield();  // there may be fewer processors than threads
      while (call != nullptr) {
        Call& ended = *call;
        call = ended.next_;
        ended.waiting_.resume();
      }
    }
  }

 private:
  std::atomic<Call*> first_ = nullptr;
};

support::Detached ask(Cache& cache, Completer& completer, int key, std::atomic<int>& done) {
  const auto fetch = [&completer] { return completer.call(); };
  const int value = co_await cache.get_or_fetch<Cards>(key, fetch);
  if (value == 7) done.fetch_add(1);
}

// A fetch that ends races with those that join it. Each key is asked for by two threads, then never again.
TEST_CASE("P3: coroutines that join a fetch while it ends are all resumed") {
  const support::Watchdog watchdog("P3: a coroutine that joined a fetch while it ended was not resumed");
  Cache cache;
  Completer completer;
  constexpr int rounds = 30'000;
  std::atomic<bool> is_over = false;
  std::atomic<int> done = 0;
  std::atomic<int> turn = 0;
  std::thread completing([&] { completer.run(is_over); });
  const auto work = [&] {
    for (int key = 0; key < rounds; ++key) {
      ask(cache, completer, key, done);
      ask(cache, completer, key, done);
      // Not far ahead of the other one.
      turn.fetch_add(1);
      while (turn < 2 * (key - 1)) std::this_thread::yield();
    }
  };
  std::thread first(work);
  std::thread second(work);
  first.join();
  second.join();
  while (done != 4 * rounds) std::this_thread::yield();
  is_over = true;
  completing.join();
  CHECK(done == 4 * rounds);
  CHECK(cache.stats<Cards>().in_flight == 0);
}

TEST_CASE("P3: threads that join a fetch while it ends are all woken") {
  const support::Watchdog watchdog("P3: a thread that joined a fetch while it ended was not woken");
  Cache cache;
  Completer completer;
  constexpr int rounds = 4'000;
  std::atomic<bool> is_over = false;
  std::atomic<int> done = 0;
  std::thread completing([&] { completer.run(is_over); });
  const auto fetch = [&completer] { return completer.call(); };
  const auto work = [&] {
    for (int key = 0; key < rounds; ++key) done += cache.get_or_fetch<Cards>(key, fetch).get() == 7 ? 1 : 0;
  };
  std::thread first(work);
  std::thread second(work);
  first.join();
  second.join();
  is_over = true;
  completing.join();
  CHECK(done == 2 * rounds);
}

TEST_CASE("P3: blocked threads and coroutines that share fetches are all woken") {
  const support::Watchdog watchdog("P3: somebody who shared a fetch with callers of the other kind was not woken");
  Cache cache;
  Completer completer;
  constexpr int rounds = 20'000;
  std::atomic<bool> is_over = false;
  std::atomic<int> done = 0;
  std::thread completing([&] { completer.run(is_over); });
  const auto fetch = [&completer] { return completer.call(); };
  const auto block = [&] {
    for (int key = 0; key < rounds; ++key) done += cache.get_or_fetch<Cards>(key / 2, fetch).get() == 7 ? 1 : 0;
  };
  const auto await = [&] {
    for (int key = 0; key < rounds; ++key) ask(cache, completer, key / 2, done);
  };
  std::thread threads[] = {std::thread(block), std::thread(await), std::thread(block), std::thread(await)};
  for (auto& thread : threads) thread.join();
  while (done != 4 * rounds) std::this_thread::yield();
  is_over = true;
  completing.join();
  CHECK(done == 4 * rounds);
  CHECK(cache.stats<Cards>().in_flight == 0);
}

}  // namespace
