#include "catch.hpp"
#include "manual_time.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>

namespace {

using support::ManualCache;

std::size_t comparisons = 0;

struct CountedEqual {
  bool operator()(std::uint64_t left, std::uint64_t right) const {
    ++comparisons;
    return left == right;
  }
};

struct Identity {
  std::size_t operator()(std::uint64_t key) const { return static_cast<std::size_t>(key); }
};
struct Numbers : tiercache::Tier<std::uint64_t, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = tiercache::forever};
  using hash = Identity;
  using equal = CountedEqual;
};

struct Constant {
  std::size_t operator()(std::uint64_t) const { return 7; }
};
struct OneHash : tiercache::Tier<std::uint64_t, std::uint64_t> {
  static constexpr tiercache::TierPolicy policy{.ttl = tiercache::forever};
  using hash = Constant;
};

constexpr std::uint64_t count = 40'000;

// How often two keys are compared while 40,000 are stored and read.
template <class KeyOf>
std::size_t comparisons_with(const KeyOf& key_of) {
  ManualCache<Numbers> cache;
  comparisons = 0;
  for (std::uint64_t i = 0; i < count; ++i) cache.put<Numbers>(key_of(i), 1);
  for (std::uint64_t i = 0; i < count; ++i) REQUIRE(cache.get<Numbers>(key_of(i)));
  return comparisons;
}

}  // namespace

TEST_CASE("Keys that are chosen to collide, where the hash is the key itself, cost no more than others") {
  const auto random = [](std::uint64_t i) { return i * 0x9E37'79B9'7F4A'7C15 ^ i << 7; };
  const std::size_t usual = comparisons_with(random);
  const unsigned shift = GENERATE(0U, 8U, 12U, 18U, 24U, 32U, 40U, 48U);
  CAPTURE(shift);
  CHECK(comparisons_with([shift](std::uint64_t i) { return i << shift; }) < 2 * usual);
}

TEST_CASE("Each cache mixes hashes in its own way") {
  // Were it not so, those who know one cache could choose the keys for all.
  constexpr tiercache::detail::HashMixer one(1);
  constexpr tiercache::detail::HashMixer two(2);
  int equal = 0;
  for (std::size_t key = 0; key < 1000; ++key) equal += one(key) == two(key) ? 1 : 0;
  CHECK(equal == 0);
}

TEST_CASE("A hash that is the same for all keys is slow and right") {
  ManualCache<OneHash> cache;
  constexpr std::uint64_t keys = 2000;
  for (std::uint64_t key = 0; key < keys; ++key) cache.put<OneHash>(key, key);
  for (std::uint64_t key = 0; key < keys; key += 3) cache.invalidate<OneHash>(key);
  for (std::uint64_t key = 0; key < keys; ++key) {
    const auto held = cache.get<OneHash>(key);
    REQUIRE(held.has_value() == (key % 3 != 0));
    if (held) REQUIRE(*held == key);
  }
}

// Each computed by other means.
TEST_CASE("Hashes are mixed as the algorithms say") {
  using tiercache::detail::folded_product;
  using tiercache::detail::HashMixer;
  using tiercache::detail::spread;
  constexpr std::uint64_t most = ~std::uint64_t{0};
  CHECK(spread(1) == 0xB456'BCFC'34C2'CB2C);
  CHECK(spread(2) == 0x3ABF'2A20'6506'83E7);
  CHECK(spread(0x0123'4567'89AB'CDEF) == 0x87CB'FBFE'8902'2CEA);
  CHECK(spread(most) == 0x64B5'720B'4B82'5F21);
  CHECK(folded_product(3, 5) == 15);
  CHECK(folded_product(most, most) == most);
  CHECK(folded_product(0x0123'4567'89AB'CDEF, 0xFEDC'BA98'7654'3210) == 0x2317'228F'4816'5BB2);
  CHECK(folded_product(std::uint64_t{1} << 63, 6) == 3);
  CHECK(HashMixer(0)(1) == 0xA4AB'2EEB);
  CHECK(HashMixer(7)(1) == 0x767D'04C3);
  CHECK(HashMixer(0xDEAD'BEEF)(7) != HashMixer(0xDEAD'BEEF)(8));
  if constexpr (sizeof(std::size_t) == sizeof(std::uint64_t)) {
    CHECK(HashMixer(7)(static_cast<std::size_t>(most)) == 0xBD76'2FCF);
    CHECK(HashMixer(0xDEAD'BEEF)(static_cast<std::size_t>(0x0123'4567'89AB'CDEF)) == 0x8C9D'11D1);
  }
}
