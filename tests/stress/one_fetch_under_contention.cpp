#include "catch.hpp"
#include "watchdog.hpp"

#include <tiercache/tiercache.hpp>

#include <array>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

namespace {

struct Cards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = tiercache::forever};
};

TEST_CASE("P1: threads that ask for a key at once share one fetch, key after key") {
  const support::Watchdog watchdog("P1: a thread that shares a fetch was not woken");
  tiercache::TieredCache<Cards> cache;
  constexpr int keys = 3000;
  constexpr int thread_count = 4;
  std::vector<std::atomic<int>> fetches(keys);
  std::atomic<int> wrong = 0;
  std::barrier together(thread_count);
  const auto ask_for_all = [&] {
    for (int key = 0; key < keys; ++key) {
      if (key % 16 == 0) together.arrive_and_wait();
      const auto fetch = [&](int asked) {
        fetches[static_cast<std::size_t>(asked)].fetch_add(1);
        std::this_thread::yield();
        return asked * 2;
      };
      if (cache.get_or_fetch<Cards>(key, fetch).get() != key * 2) ++wrong;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < thread_count; ++i) threads.emplace_back(ask_for_all);
  for (auto& thread : threads) thread.join();

  CHECK(wrong == 0);
  int not_once = 0;
  for (const auto& count : fetches) not_once += count == 1 ? 0 : 1;
  CHECK(not_once == 0);
  const tiercache::TierStats stats = cache.stats<Cards>();
  CHECK(stats.in_flight == 0);
  CHECK(stats.fetches_led == keys);
  CHECK(stats.lookups == static_cast<std::uint64_t>(keys) * thread_count);
  CHECK(stats.lookups == stats.hits + stats.misses);
  CHECK(stats.misses == stats.fetches_led + stats.fetches_joined + stats.lookups_without_fetch);
}

TEST_CASE("P1: at no time do two fetches of a key run, however often one is needed") {
  const support::Watchdog watchdog("P1: a thread that shares a fetch was not woken");
  tiercache::TieredCache<Cards> cache;
  constexpr int keys = 4;
  constexpr int rounds = 5000;
  std::array<std::atomic<int>, keys> running{};
  std::atomic<int> overlaps = 0;
  std::atomic<int> wrong = 0;
  const auto work = [&](unsigned seed) {
    unsigned random = seed;
    for (int i = 0; i < rounds; ++i) {
      random = random * 1664525u + 1013904223u;
      const std::size_t key = (random >> 16) % keys;
      const auto fetch = [&]() -> std::optional<int> {
        if (running[key].fetch_add(1) != 0) ++overlaps;
        std::this_thread::yield();
        running[key].fetch_sub(1);
        return std::nullopt;  // not remembered: the next one fetches again
      };
      if (cache.get_or_fetch<Cards>(static_cast<int>(key), fetch).get()) ++wrong;
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 4; ++i) threads.emplace_back(work, i + 1);
  for (auto& thread : threads) thread.join();
  CHECK(overlaps == 0);
  CHECK(wrong == 0);
  CHECK(cache.stats<Cards>().in_flight == 0);
}

}  // namespace
