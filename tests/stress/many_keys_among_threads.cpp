#include "catch.hpp"
#include "running.hpp"
#include "watchdog.hpp"
#include "worker.hpp"

#include <tiercache/tiercache.hpp>

#include <atomic>
#include <cstddef>
#include <map>
#include <optional>
#include <random>
#include <span>
#include <thread>
#include <vector>

namespace {

using support::OnWorker;
using support::Worker;

struct Numbers : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = tiercache::forever, .capacity = 24};
};
using Cache = tiercache::TieredCache<Numbers>;
using Keys = std::vector<int>;
using Map = std::map<int, int>;
using Results = std::vector<std::optional<int>>;

constexpr int rounds = 3'000;

/// What is held under a key: nothing under every seventh.
std::optional<int> value_of(int key) {
  return key % 7 == 0 ? std::nullopt : std::optional(10 * key);
}

Map values_of(std::span<const int> keys) {
  Map values;
  for (const int key : keys) {
    if (const auto value = value_of(key)) values[key] = *value;
  }
  values[100] = 1000;  // what nobody asked for
  return values;
}

Keys some_keys(std::mt19937& random) {
  Keys keys(1 + random() % 8);
  for (int& key : keys) key = static_cast<int>(random() % 32);
  return keys;
}

bool is_right(const Keys& keys, const Results& results) {
  if (results.size() != keys.size()) return false;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (results[i] != value_of(keys[i])) return false;
  }
  return true;
}

void check_sums(const Cache& cache) {
  const auto stats = cache.stats<Numbers>();
  CHECK(stats.lookups == stats.hits + stats.misses);
  CHECK(stats.misses == stats.fetches_led + stats.fetches_joined + stats.lookups_without_fetch);
  CHECK(stats.inserts - stats.evictions - stats.expirations - stats.invalidations == stats.entries);
  CHECK(stats.in_flight == 0);
}

}  // namespace

TEST_CASE("P1, P3: threads that look up many keys, and single ones, in any order, wait for each other's fetches") {
  const support::Watchdog watchdog("P3: bulk lookups wait for each other");
  Cache cache;
  std::atomic<int> wrong = 0;
  const auto work = [&](unsigned seed) {
    std::mt19937 random(seed);
    for (int round = 0; round < rounds; ++round) {
      const Keys keys = some_keys(random);
      if (!is_right(keys, cache.get_or_fetch_many<Numbers>(keys, values_of).get())) ++wrong;
      const int key = keys.front();
      if (cache.get_or_fetch<Numbers>(key, value_of).get() != value_of(key)) ++wrong;
      if (round % 3 == 0) cache.invalidate<Numbers>(keys.back());
      if (round % 64 == 0) cache.invalidate<Numbers>();
    }
  };
  std::vector<std::thread> threads;
  for (unsigned seed = 1; seed <= 4; ++seed) threads.emplace_back(work, seed);
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  check_sums(cache);
}

TEST_CASE("P3, P5: bulk lookups on an executor are answered, or leave, while their fetches end on other threads") {
  const support::Watchdog watchdog("P3: a bulk lookup was not resumed");
  Cache cache;
  std::atomic<int> ended = 0;
  std::atomic<int> wrong = 0;
  {
    Worker home;
    {
      Worker fetching;
      Worker fetching_too;
      std::mt19937 random(1);
      const auto ask = [&](Keys keys, Worker& worker) -> support::Running<Results> {
        const auto fetch = [&worker](std::span<const int> missing) {
          return OnWorker<Map>{&worker, values_of(missing)};
        };
        const auto post = [&home](auto job) { home.post(job); };
        Results results = co_await cache.get_or_fetch_many<Numbers>(keys, tiercache::owned(fetch)).resume_on(post);
        if (!is_right(keys, results) || !home.is_this_thread()) ++wrong;
        ++ended;
        co_return results;
      };
      std::vector<support::Running<Results>> waiting;
      for (int round = 0; round < rounds; ++round) {
        home.post([&, keys = some_keys(random), more = some_keys(random)] {
          auto leaving = ask(keys, fetching);
          waiting.push_back(ask(more, fetching_too));
          if (leaving.is_done()) --ended;
          leaving.leave();
          cache.invalidate<Numbers>(more.front());
        });
      }
      while (ended < rounds) std::this_thread::yield();
      std::atomic<bool> is_over = false;
      home.post([&] {
        waiting.clear();
        is_over = true;
      });
      while (!is_over) std::this_thread::yield();
    }
  }
  CHECK(ended == rounds);
  CHECK(wrong == 0);
  check_sums(cache);
}
