#include "catch.hpp"
#include "task.hpp"
#include "watchdog.hpp"

#include <tiercache/tiercache.hpp>

#include <array>
#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace {

struct Cards : tiercache::Tier<std::size_t, std::uint64_t> {
  static constexpr tiercache::TierPolicy policy{.ttl = tiercache::forever};
};
using Cache = tiercache::TieredCache<Cards>;

constexpr std::size_t keys = 4;

/// The origin of all values, and what may be believed of them. The value of a key is its version there.
struct Origin {
  std::array<std::atomic<std::uint64_t>, keys> version{};
  /// The version whose invalidation has returned: from then on no call may see an older one.
  std::array<std::atomic<std::uint64_t>, keys> settled{};
};

void raise_to(std::atomic<std::uint64_t>& value, std::uint64_t target) {
  std::uint64_t current = value.load();
  while (current < target && !value.compare_exchange_weak(current, target)) {}
}

enum class By { key, tier, predicate, clear, put };

void write(Cache& cache, Origin& origin, std::size_t key, By how) {
  // A put tells the cache a version that no fetch has seen yet, so the origin must have it before.
  const std::uint64_t version = origin.version[key].fetch_add(1) + 1;
  switch (how) {
    case By::key:
      cache.invalidate<Cards>(key);
      break;
    case By::tier:
      cache.invalidate<Cards>();
      break;
    case By::predicate:
      cache.invalidate_if<Cards>([key](std::size_t stored, std::uint64_t) { return stored == key; });
      break;
    case By::clear:
      cache.clear();
      break;
    case By::put:
      cache.put<Cards>(key, version);
      break;
  }
  raise_to(origin.settled[key], version);
}

/// Reads, and tells whether what came is older than what was settled before the call.
bool read_is_stale(Cache& cache, const Origin& origin, std::size_t key, bool may_fetch) {
  const std::uint64_t oldest = origin.settled[key].load();
  if (!may_fetch) {
    const auto value = cache.get<Cards>(key);
    return value && *value < oldest;
  }
  const auto fetch = [&origin](std::size_t asked) {
    const std::uint64_t version = origin.version[asked].load();
    std::this_thread::yield();  // so that writes come in between
    return version;
  };
  return cache.get_or_fetch<Cards>(key, fetch).get() < oldest;
}

TEST_CASE("P4: no call sees a value whose fetch began before an invalidation that had returned") {
  const support::Watchdog watchdog("P4: a thread that reads among invalidations was not woken");
  const By how = GENERATE(By::key, By::tier, By::predicate, By::clear, By::put);
  // Puts race with each other: which of two stays is not said. So they come from one writer for each key.
  const std::size_t writer_count = how == By::put ? 1 : 2;
  Cache cache;
  Origin origin;
  constexpr int rounds = 10'000;
  std::atomic<int> stale = 0;
  std::vector<std::thread> threads;
  for (std::size_t writer = 0; writer < writer_count; ++writer) {
    threads.emplace_back([&, writer] {
      for (std::size_t i = 0; i < rounds; ++i) {
        write(cache, origin, (i + writer) % keys, how);
        // Its own reader too: what it has written it must see.
        if (read_is_stale(cache, origin, (i + writer) % keys, true)) ++stale;
      }
    });
  }
  for (std::size_t reader = 0; reader < 2; ++reader) {
    threads.emplace_back([&, reader] {
      for (std::size_t i = 0; i < 2 * rounds; ++i) {
        if (read_is_stale(cache, origin, (i + reader) % keys, i % 2 == 0)) ++stale;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(stale == 0);
  CHECK(cache.stats<Cards>().in_flight == 0);
}

/// Hands a coroutine to whoever takes it from `place`; goes on by itself where there is one already.
class HandOver {
 public:
  explicit HandOver(std::atomic<std::coroutine_handle<>>& place) noexcept : place_(place) {}
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> handle) const noexcept {
    std::coroutine_handle<> empty;
    return place_.compare_exchange_strong(empty, handle);
  }
  void await_resume() const noexcept {}

 private:
  std::atomic<std::coroutine_handle<>>& place_;
};

TEST_CASE("P4: nor where another thread ends the fetches") {
  const support::Watchdog watchdog("P4: a thread whose fetch another one ends was not woken");
  Cache cache;
  Origin origin;
  constexpr std::size_t rounds = 4'000;
  std::atomic<std::coroutine_handle<>> suspended{};
  std::atomic<bool> is_over = false;
  std::atomic<int> stale = 0;
  std::thread completer([&] {
    while (!is_over) {
      if (const auto handle = suspended.exchange({})) handle.resume();
    }
  });
  const auto fetch = [&](std::size_t key) -> support::Task<std::uint64_t> {
    const std::uint64_t version = origin.version[key].load();
    HandOver hand_over(suspended);
    co_await hand_over;
    co_return version;
  };
  std::vector<std::thread> threads;
  for (std::size_t id = 0; id < 2; ++id) {
    threads.emplace_back([&, id] {
      for (std::size_t i = 0; i < rounds; ++i) {
        const std::size_t key = (i + id) % keys;
        if (i % 3 == 0) write(cache, origin, key, By::key);
        const std::uint64_t oldest = origin.settled[key].load();
        if (cache.get_or_fetch<Cards>(key, fetch).get() < oldest) ++stale;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  is_over = true;
  completer.join();
  CHECK(stale == 0);
  CHECK(cache.stats<Cards>().in_flight == 0);
}

}  // namespace
