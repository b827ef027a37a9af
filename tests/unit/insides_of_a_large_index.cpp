#include "allocations.hpp"
#include "catch.hpp"
#include "indexed.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>

using namespace support;

namespace {

using tiercache::detail::Index;
using Slot = Indexed::Slot;

constexpr std::uint32_t sizes[] = {1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512};
constexpr std::uint32_t most_lines = 64;

/// How many slots fit in as many lines of twelve, about seven in eight places being taken.
std::uint32_t room_in(std::uint32_t lines) {
  return lines * 12 / 8 * 7;
}

/// What there is to be seen of an index that only ever grew.
struct Shape {
  explicit Shape(const Indexed& indexed) {
    const Index& index = indexed.index;
    std::uint32_t deepest = 0;
    for (std::uint32_t number = 0; number <= index.directory_mask_; ++number) {
      const auto& copy = index.segments_[number];
      const auto& segment = index.segments_[number & ((1U << copy.depth) - 1)];
      REQUIRE(copy.lines == segment.lines);
      REQUIRE(copy.line_count == segment.line_count);
      REQUIRE(copy.depth == segment.depth);
      deepest = std::max(deepest, std::uint32_t{segment.depth});
      if (number >> segment.depth != 0) continue;
      ++segments;
      longest = std::max(longest, segment.line_count);
      // The size before would be full.
      const auto* const size = std::find(std::begin(sizes), std::end(sizes), segment.line_count);
      REQUIRE(size != std::end(sizes));
      REQUIRE(segment.count <= room_in(*size));
      if (size != std::begin(sizes)) REQUIRE(segment.count >= room_in(*(size - 1)));
      for (std::uint32_t at = 0; at < segment.line_count; ++at) passed += segment.lines[at].tags.passed;
      segment.for_each(
          [&](Slot slot) { REQUIRE((index.number_of(indexed.hashes[slot]) & (1U << copy.depth) - 1) == number); });
    }
    REQUIRE(index.directory_mask_ + 1 == 1U << deepest);
  }
  std::size_t segments = 0;
  std::uint32_t longest = 0;
  /// How often an insertion found a line full.
  std::size_t passed = 0;
};

}  // namespace

TEST_CASE("An index grows by halves and splits what is too long, and its lines are about equally full") {
  std::mt19937 random(1);
  Indexed indexed;
  for (int i = 0; i < 100'000; ++i) {
    indexed.add(static_cast<std::uint32_t>(random()));
    if (i < 1000 || i % 5000 == 0) {
      const Shape shape(indexed);
      REQUIRE(shape.longest <= most_lines);
      REQUIRE(shape.passed <= indexed.hashes.size() / 4);
    }
  }
}

TEST_CASE("A segment whose hashes are alike splits if that helps, and grows if not") {
  std::mt19937 random(1);
  const unsigned ones_in_ten = GENERATE(1U, 3U, 7U, 9U);
  Indexed indexed;
  // Hashes of which so many have a one in each of the bits that choose a segment.
  for (std::uint32_t i = 0; i < 5000; ++i) {
    std::uint32_t hash = static_cast<std::uint32_t>(random());
    for (std::uint32_t bit = 8; bit < 24; ++bit) {
      hash = (hash & ~(1U << bit)) | (random() % 10 < ones_in_ten ? 1U << bit : 0U);
    }
    indexed.add(hash);
  }
  const Shape shape(indexed);
  if (ones_in_ten == 1 || ones_in_ten == 9) {
    CHECK(shape.segments == 1);
  } else {
    CHECK(shape.segments > 5);
    CHECK(shape.longest <= most_lines);
  }
}

TEST_CASE("An index that has no memory to grow has changed nothing, and gives back what it had") {
  const std::ptrdiff_t live = Allocations::live;
  {
    std::mt19937 random(1);
    Indexed indexed;
    indexed.hashes.reserve(20'000);
    indexed.is_held.reserve(20'000);
    int failures = 0;
    while (indexed.hashes.size() < 20'000) {
      const auto hash = static_cast<std::uint32_t>(random());
      for (std::ptrdiff_t n = 0;; ++n) {
        const FailingAllocation failing(n);
        try {
          indexed.add(hash);
          break;
        } catch (const std::bad_alloc&) {
          indexed.hashes.pop_back();
          indexed.is_held.pop_back();
          ++failures;
        }
      }
    }
    CHECK(failures > 100);
    const Shape shape(indexed);
    for (Slot slot = 0; slot < 20'000; ++slot) REQUIRE(indexed.finds(slot));
  }
  CHECK(Allocations::live == live);
}
