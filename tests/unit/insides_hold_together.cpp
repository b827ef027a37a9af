#include "allocations.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "insides.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>

using namespace support;
using namespace std::chrono_literals;
using tiercache::ManualClock;

namespace {

template <class Eviction>
struct Numbers : tiercache::Tier<int, std::size_t> {
  static constexpr tiercache::TierPolicy policy{.ttl = 100s, .not_found_ttl = 50s, .capacity = 20};
  using eviction = Eviction;
  static std::size_t weigh(int, std::size_t value) { return value; }
};
template <class Eviction>
struct Words : tiercache::Tier<std::string, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 100s, .capacity = 500};
  using eviction = Eviction;
};

}  // namespace

TEMPLATE_TEST_CASE(
    "index, slab, lists, counters and weights fit each other while a tier grows, shrinks and grows again", "",
    tiercache::AdaptiveClock, tiercache::OldestFirst) {
  using T = Words<TestType>;
  tiercache::BasicTieredCache<Shared, T> cache(tiercache::with<T>({.ttl = 100s, .capacity = 3000}));
  const auto check = [&cache] {
    const char* const fault = fault_inside<T>(cache);
    CHECK(fault == nullptr);
  };
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 4000; ++i) {
      cache.template put<T>("word " + std::to_string(i), i);
      if (i % 100 == 0) check();
    }
    cache.template invalidate_if<T>([](const std::string&, int value) { return value % 3 != 0; });
    check();
    cache.template set_policy<T>({.ttl = 100s, .capacity = 50});
    check();
    cache.template set_policy<T>({.ttl = 100s, .capacity = 3000});
  }
}

TEMPLATE_TEST_CASE("they fit after whatever failed for want of memory, and the tier can be filled and emptied", "",
                   tiercache::AdaptiveClock, tiercache::Sieve, tiercache::Lru, tiercache::OldestFirst) {
  using T = Words<TestType>;
  const std::string key = "a key too long for the string's own buffer: ";
  const auto fetch = [] { return 7; };
  const auto none = []() -> std::optional<int> { return std::nullopt; };
  const auto entry = [] { return tiercache::CacheEntry<int>{.value = 7, .ttl = 5s}; };
  const int operation = GENERATE(0, 1, 2, 3, 4);
  int failed = 0;
  // From where nothing is held, so that everything has to grow at some time.
  for (std::ptrdiff_t n = 0; n < 60; ++n) {
    ManualClock::reset();
    tiercache::BasicTieredCache<Shared, T> cache(
        tiercache::with<T>({.ttl = 100s, .idle_for = 90s, .not_found_ttl = 100s, .capacity = 20}));
    {
      const FailingAllocation failing(n);
      for (int i = 0; i < 10; ++i) {
        try {
          if (operation == 0) cache.template put<T>(key + std::to_string(i), i);
          if (operation == 1) cache.template put<T>(key + std::to_string(i), i, 5s);
          if (operation == 2) static_cast<void>(cache.template get_or_fetch<T>(key + std::to_string(i), fetch).get());
          if (operation == 3) static_cast<void>(cache.template get_or_fetch<T>(key + std::to_string(i), none).get());
          if (operation == 4) static_cast<void>(cache.template get_or_fetch<T>(key + std::to_string(i), entry).get());
        } catch (const std::bad_alloc&) {
          ++failed;
        }
      }
    }
    if (const char* fault = fault_inside<T>(cache)) FAIL(n << ": " << fault);
    for (int i = 0; i < 100; ++i) {
      cache.template put<T>(key + std::to_string(i), i);
      REQUIRE(cache.template size<T>() <= 20);
    }
    if (const char* fault = fault_inside<T>(cache)) FAIL(n << ", filled: " << fault);
    REQUIRE(cache.template size<T>() == 20);
    REQUIRE(cache.clear() == 20);
    REQUIRE(cache.template size<T>() == 0);
  }
  CHECK(failed > 5);
}

TEST_CASE("the look inside finds what does not fit") {
  using T = Numbers<tiercache::AdaptiveClock>;
  tiercache::BasicTieredCache<Shared, T> cache;
  for (int key = 0; key < 30; ++key) cache.put<T>(key, std::size_t{1});
  REQUIRE(fault_inside<T>(cache) == nullptr);
  auto& entries = tiercache::detail::StoreOf<T>::in(cache).contents_.entries_;
  const tiercache::detail::Slot slot = entries.eviction_.main_.oldest();
  const std::uint32_t hash = entries.hash_of(entries.slab_[slot]);
  // Each is put right again: the cache goes through all of it when it is destroyed.
  SECTION("a weight") {
    entries.weight_ += 1;
    CHECK(fault_inside<T>(cache) != nullptr);
    entries.weight_ -= 1;
  }
  SECTION("who passed a line") {
    entries.index_.segments_[0].lines[0].tags.passed += 1;
    CHECK(fault_inside<T>(cache) != nullptr);
    entries.index_.segments_[0].lines[0].tags.passed -= 1;
  }
  SECTION("an entry that the index lost") {
    entries.index_.unlink(hash, slot);
    CHECK(fault_inside<T>(cache) != nullptr);
    entries.index_.link(hash, slot);
  }
  SECTION("a flag of the policy's") {
    entries.slab_[slot].is_main = 0;
    CHECK(fault_inside<T>(cache) != nullptr);
    entries.slab_[slot].is_main = 1;
  }
  CHECK(fault_inside<T>(cache) == nullptr);
}
