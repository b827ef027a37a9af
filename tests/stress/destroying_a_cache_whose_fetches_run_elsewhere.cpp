#include "catch.hpp"
#include "joined.hpp"
#include "running.hpp"
#include "watchdog.hpp"

#include <tiercache/tiercache.hpp>

#include <atomic>
#include <coroutine>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = tiercache::forever};
};
using Cache = tiercache::TieredCache<Cards>;

/// Ends one fetch when it is told to, on whatever thread.
class Event {
 public:
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) noexcept { waiting_.store(waiting); }
  std::string await_resume() const { return "a value too long for the string's own buffer"; }
  void set() noexcept {
    std::coroutine_handle<> waiting;
    while (!(waiting = waiting_.load())) std::this_thread::yield();
    waiting.resume();
  }

 private:
  std::atomic<std::coroutine_handle<>> waiting_{};
};

support::Detached ask(Cache& cache, int key, Event& event, std::atomic<int>& served) {
  const auto fetch = [&event]() -> Event& { return event; };
  const std::string value = co_await cache.get_or_fetch<Cards>(key, fetch);
  if (value.size() > 20) ++served;
}

TEST_CASE("P12: a cache may be destroyed while other threads end its fetches") {
  const support::Watchdog watchdog("P12: somebody who waited when the cache was destroyed was not woken");
  constexpr int rounds = 1'000;
  constexpr int keys = 8;
  std::atomic<int> served = 0;
  for (int round = 0; round < rounds; ++round) {
    auto cache = std::make_unique<Cache>();
    std::vector<Event> events(keys);
    for (int key = 0; key < keys; ++key) {
      Event& event = events[static_cast<std::size_t>(key)];
      ask(*cache, key, event, served);
      ask(*cache, key, event, served);
    }
    std::thread ending([&events] {
      for (Event& event : events) event.set();
    });
    if (round % 2 == 0) std::this_thread::yield();
    cache.reset();
    ending.join();
  }
  CHECK(served == rounds * keys * 2);
}

TEST_CASE("P12: threads that block on its fetches outlive a cache") {
  const support::Watchdog watchdog("P12: a thread that blocked when the cache was destroyed was not woken");
  constexpr int rounds = 500;
  std::atomic<int> served = 0;
  for (int round = 0; round < rounds; ++round) {
    auto cache = std::make_unique<Cache>();
    Event event;
    ask(*cache, 1, event, served);
    const auto block = [&served, &from = *cache] {
      const auto own = [] { return std::string("own"); };
      if (from.get_or_fetch<Cards>(1, own).get().size() > 20) ++served;
    };
    std::thread first(block);
    std::thread second(block);
    // They have begun, so that the destructor does not run at the same time as a call that has not.
    support::wait_until_joined<Cards>(*cache, 2);
    std::thread ending([&event] { event.set(); });
    cache.reset();
    ending.join();
    first.join();
    second.join();
  }
  CHECK(served == 3 * rounds);
}

}  // namespace
