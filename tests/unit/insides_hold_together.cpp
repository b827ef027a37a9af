#include "catch.hpp"
#include "configs.hpp"
#include "insides.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
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
