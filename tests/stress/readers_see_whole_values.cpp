#include "catch.hpp"
#include "watchdog.hpp"

#include <tiercache/tiercache.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

/// A value that is torn if its parts differ.
struct Sheet {
  Sheet(std::uint64_t number) { parts.fill(number); }
  [[nodiscard]] bool is_whole() const {
    for (const std::uint64_t part : parts) {
      if (part != parts[0]) return false;
    }
    return true;
  }
  std::array<std::uint64_t, 32> parts;
};

template <class Eviction>
struct Sheets : tiercache::Tier<std::string, Sheet> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1h, .capacity = 20};
  using eviction = Eviction;
};

}  // namespace

TEMPLATE_TEST_CASE("Readers see whole values, each of its own key, while others write", "", tiercache::AdaptiveClock,
                   tiercache::Sieve, tiercache::Lru) {
  const support::Watchdog watchdog("a reader or a writer waits for ever");
  using T = Sheets<TestType>;
  tiercache::TieredCache<T> cache;
  std::vector<std::string> keys;
  for (int i = 0; i < 30; ++i) keys.push_back("a key of more than fifteen characters: " + std::to_string(i));
  std::atomic<int> torn = 0;
  std::atomic<std::uint64_t> lookups = 0;

  // The number of a sheet says which key it is stored under.
  const auto number_of = [](std::size_t key, std::uint64_t version) { return version * 100 + key; };
  const auto check = [&](std::size_t key, const Sheet& sheet) {
    if (!sheet.is_whole() || sheet.parts[0] % 100 != key) ++torn;
  };
  std::vector<std::thread> threads;
  for (unsigned reader = 0; reader < 3; ++reader) {
    threads.emplace_back([&, reader] {
      for (std::size_t i = 0; i < 20'000; ++i) {
        const std::size_t key = (i * 7 + reader) % keys.size();
        if (i % 3 == 0) {
          if (const auto sheet = cache.template get<T>(keys[key])) check(key, *sheet);
        } else if (i % 3 == 1) {
          cache.template visit<T>(keys[key], [&](const Sheet& sheet) { check(key, sheet); });
        } else {
          const auto fetch = [&] { return Sheet(number_of(key, i)); };
          check(key, cache.template get_or_fetch<T>(keys[key], fetch).get());
        }
        ++lookups;
      }
    });
  }
  threads.emplace_back([&] {
    for (std::size_t i = 0; i < 20'000; ++i) {
      const std::size_t key = i % keys.size();
      if (i % 5 == 0) {
        cache.template invalidate<T>(keys[key]);
      } else {
        cache.template put<T>(keys[key], Sheet(number_of(key, i)));
      }
      if (i % 1000 == 0) cache.template trim<T>(5);
      if (i % 500 == 0 && cache.template size<T>() > 20) ++torn;
    }
  });
  for (auto& thread : threads) thread.join();
  CHECK(torn == 0);
  const auto stats = cache.template stats<T>();
  CHECK(stats.lookups >= lookups);
  CHECK(stats.lookups == stats.hits + stats.misses);
  CHECK(stats.misses == stats.fetches_led + stats.fetches_joined + stats.lookups_without_fetch);
  CHECK(stats.inserts - stats.evictions - stats.expirations - stats.invalidations == stats.entries);
}
