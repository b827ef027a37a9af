#include "allocations.hpp"
#include "catch.hpp"
#include "manual_time.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace {

using support::Allocations;
using support::ManualCache;

std::size_t hashed = 0;
std::size_t moved = 0;

struct CountedHash {
  std::size_t operator()(std::uint64_t key) const {
    ++hashed;
    return static_cast<std::size_t>(key);
  }
};

struct CountedMove {
  CountedMove() = default;
  CountedMove(CountedMove&& other) noexcept : number(other.number) { ++moved; }
  CountedMove(const CountedMove& other) = default;
  CountedMove& operator=(CountedMove&&) = delete;
  CountedMove& operator=(const CountedMove&) = delete;
  ~CountedMove() = default;
  int number = 0;
};

struct Numbers : tiercache::Tier<std::uint64_t, CountedMove> {
  static constexpr tiercache::TierPolicy policy{.ttl = tiercache::forever};
  using hash = CountedHash;
};

struct Capable : tiercache::Tier<std::uint64_t, std::uint64_t> {
  static constexpr tiercache::TierPolicy policy{.ttl = tiercache::forever, .capacity = 1'000'000};
};

struct alignas(128) Aligned {
  std::array<char, 200> bytes{};
};
struct Wide : tiercache::Tier<std::string, Aligned> {
  static constexpr tiercache::TierPolicy policy{.ttl = tiercache::forever, .capacity = 50};
};

}  // namespace

TEST_CASE("No insertion moves an entry, or asks for the hash of another one") {
  ManualCache<Numbers> cache;
  const CountedMove value;
  for (std::uint64_t key = 0; key < 100'000; ++key) {
    hashed = moved = 0;
    cache.put<Numbers>(key, value);
    REQUIRE(hashed == 1);
    REQUIRE(moved <= 1);
  }
}

TEST_CASE("A tier allocates as it grows, not for its capacity, and never much at a time") {
  const std::size_t before = Allocations::count;
  ManualCache<Capable> cache;
  CHECK(Allocations::count - before <= 2);
  std::size_t most = 0;
  for (std::uint64_t key = 0; key < 100'000; ++key) {
    const std::size_t count = Allocations::count;
    cache.put<Capable>(key, key);
    const std::size_t made = Allocations::count - count;
    if (made > most) most = made;
  }
  CHECK(most <= 8);
}

TEST_CASE("A tier gives all back that it took as it grew") {
  const std::ptrdiff_t live = Allocations::live;
  {
    ManualCache<Capable> cache;
    for (std::uint64_t key = 0; key < 20'000; ++key) cache.put<Capable>(key, key, std::chrono::seconds(1));
  }
  CHECK(Allocations::live == live);
}

TEST_CASE("At its capacity a tier allocates nothing for an entry, and hardly ever for its index") {
  ManualCache<Capable> cache{tiercache::with<Capable>({.ttl = tiercache::forever, .capacity = 1000})};
  const auto fetch = [](std::uint64_t key) { return key; };
  std::uint64_t key = 0;
  for (; key < 10'000; ++key) static_cast<void>(cache.get_or_fetch<Capable>(key, fetch).get());
  const std::size_t before = Allocations::count;
  for (; key < 20'000; ++key) static_cast<void>(cache.get_or_fetch<Capable>(key, fetch).get());
  // A part of the index may become fuller than ever before, as chance has it.
  const std::size_t made = Allocations::count - before;
  CHECK(made <= 6);
}

TEST_CASE("Values are aligned as their type wants") {
  ManualCache<Wide> cache;
  for (int key = 0; key < 200; ++key) {
    cache.put<Wide>(std::to_string(key), Aligned{});
    if (key < 50) continue;
    CHECK(cache.size<Wide>() == 50);
  }
  cache.put<Wide>("x", Aligned{});
  cache.visit<Wide>(
      "x", [](const Aligned& value) { CHECK(reinterpret_cast<std::uintptr_t>(&value) % alignof(Aligned) == 0); });
}
