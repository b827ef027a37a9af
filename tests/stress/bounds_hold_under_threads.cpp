#include "catch.hpp"
#include "watchdog.hpp"

#include <tiercache/tiercache.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = tiercache::forever, .capacity = 50, .trim_to = 25};
};
struct Weighed : tiercache::Tier<int, std::string> {
  static std::size_t weigh(int, const std::string& value) { return value.size(); }
  static constexpr tiercache::TierPolicy policy{.ttl = tiercache::forever, .max_weight = 1000};
};
using Cache = tiercache::TieredCache<Cards, Weighed>;

TEST_CASE("P7: no thread ever sees a tier above its bounds") {
  const support::Watchdog watchdog("P7: threads that fill a tier do not come to an end");
  Cache cache;
  std::atomic<int> above = 0;
  std::atomic<int> wrong = 0;
  std::atomic<std::uint64_t> removed = 0;
  cache.on_removal<Cards>([&](const std::string& key, const std::string& value, tiercache::RemovalCause) {
    ++removed;
    if (key != value) ++wrong;
  });
  constexpr unsigned rounds = 20'000;
  const auto work = [&](unsigned seed) {
    unsigned random = seed;
    for (unsigned i = 0; i < rounds; ++i) {
      random = random * 1664525u + 1013904223u;
      const unsigned number = (random >> 8) % 200;
      const std::string key = "card " + std::to_string(number);
      switch ((random >> 24) % 8) {
        case 0:
          cache.put<Cards>(key, key);
          break;
        case 1:
          cache.invalidate<Cards>(key);
          break;
        case 2:
          cache.put<Weighed>(static_cast<int>(number), std::string(number, 'x'));
          break;
        case 3:
          if (const auto value = cache.get<Weighed>(static_cast<int>(number)); value && value->size() != number) {
            ++wrong;
          }
          break;
        case 4:
          if (i % 64 == 0) cache.trim<Cards>(10);
          break;
        default: {
          const auto fetch = [](const std::string& asked) { return asked; };
          if (cache.get_or_fetch<Cards>(key, fetch).get() != key) ++wrong;
          break;
        }
      }
      const tiercache::TierStats cards = cache.stats<Cards>();
      const tiercache::TierStats weighed = cache.stats<Weighed>();
      if (cards.entries > 50 || weighed.weight > 1000) ++above;
      if (cards.inserts - cards.evictions - cards.expirations - cards.invalidations != cards.entries) ++wrong;
      // A thread has at most one fetch under way.
      if (cards.in_flight > 4) ++above;
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 4; ++i) threads.emplace_back(work, i + 1);
  for (auto& thread : threads) thread.join();
  CHECK(above == 0);
  CHECK(wrong == 0);
  const tiercache::TierStats stats = cache.stats<Cards>();
  CHECK(stats.in_flight == 0);
  CHECK(stats.lookups == stats.hits + stats.misses);
  CHECK(stats.misses == stats.fetches_led + stats.fetches_joined + stats.lookups_without_fetch);
  CHECK(removed == stats.evictions + stats.expirations + stats.invalidations + stats.updates);
}

}  // namespace
