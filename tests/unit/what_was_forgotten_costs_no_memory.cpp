#include "allocations.hpp"
#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>

using namespace support;
using namespace std::chrono_literals;
using tiercache::ManualClock;

namespace {

struct Cards : tiercache::Tier<std::uint64_t, std::shared_ptr<const int>> {
  static constexpr tiercache::TierPolicy policy{.ttl = 60s,
                                                .stale_for = 10s,
                                                .stale_if_error = 10s,
                                                .retry_after = 1s,
                                                .idle_for = 50s,
                                                .not_found_ttl = 10s,
                                                .jitter = 0.1,
                                                .capacity = 500};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards>;

/// Every way in and out, over a thousand keys.
template <class AnyCache>
void live(AnyCache& cache, std::uint64_t operations) {
  std::uint64_t random = 7;
  for (std::uint64_t i = 0; i < operations; ++i) {
    random = random * 6364136223846793005U + 1442695040888963407U;
    const std::uint64_t key = (random >> 33) % 1000;
    const auto fetch = [&]() -> std::optional<int> {
      if (i % 7 == 0) throw std::runtime_error("no");
      return i % 3 == 0 ? std::nullopt : std::optional<int>(static_cast<int>(i));
    };
    switch ((random >> 48) % 8) {
      case 0:
        cache.template put<Cards>(key, 1, std::chrono::seconds(i % 20));
        break;
      case 1:
        cache.template invalidate<Cards>(key);
        break;
      case 2:
        static_cast<void>(cache.template get<Cards>(key));
        break;
      case 3:
        ManualClock::advance(50ms);
        if (i % 100 == 0) cache.clear();
        break;
      default:
        try {
          static_cast<void>(cache.template get_or_fetch<Cards>(key, tiercache::owned(fetch)).get());
        } catch (const std::runtime_error&) {}
    }
  }
  cache.clear();
}

}  // namespace

TEMPLATE_TEST_CASE("P7: a tier that lives long takes no more memory than one that has just been full", "", Shared,
                   Local) {
  ManualClock::reset();
  Cache<TestType> cache;
  live(cache, 50'000);
  const std::ptrdiff_t before = Allocations::live;
  for (int round = 0; round < 4; ++round) live(cache, 50'000);
  CHECK(Allocations::live == before);
}

TEMPLATE_TEST_CASE("P7: nothing is kept of keys that are invalidated, held or not", "", Shared, Local) {
  ManualClock::reset();
  Cache<TestType> cache;
  ManualFetch<int> never;
  const auto fetch = [&never] { return never(); };
  const auto caller = [&]() -> Running<std::shared_ptr<const int>> {
    co_return co_await cache.template get_or_fetch<Cards>(std::uint64_t{0}, fetch);
  };
  const auto running = caller();
  const std::size_t before = Allocations::count;
  for (std::uint64_t key = 0; key < 100'000; ++key) {
    cache.template invalidate<Cards>(key);
    if (key % 1000 == 0) {
      cache.template invalidate<Cards>();
      cache.template invalidate_if<Cards>([](std::uint64_t, const auto&) { return true; });
    }
  }
  CHECK(Allocations::count == before);
}

TEMPLATE_TEST_CASE("P7: nothing is kept of fetches that were superseded, however many they are", "", Shared, Local) {
  ManualClock::reset();
  Cache<TestType> cache;
  const auto overtake = [&](std::uint64_t first) {
    for (std::uint64_t key = first; key < first + 1000; ++key) {
      const auto fetch = [&] {
        cache.template invalidate<Cards>(key);
        return 1;
      };
      static_cast<void>(cache.template get_or_fetch<Cards>(key, fetch).get());
    }
  };
  overtake(0);
  const std::ptrdiff_t before = Allocations::live;
  for (std::uint64_t round = 1; round < 20; ++round) overtake(1000 * round);
  CHECK(Allocations::live == before);
  CHECK(cache.template size<Cards>() == 0);
  CHECK(cache.template stats<Cards>().superseded == 20'000);
}
