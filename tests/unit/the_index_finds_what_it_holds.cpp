#include "catch.hpp"
#include "indexed.hpp"

#include <tiercache/tiercache.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace {

using support::Indexed;
using tiercache::detail::Slot;
using tiercache::detail::Tags;

void check(const Indexed& indexed) {
  std::size_t held = 0;
  for (Slot slot = 0; slot < indexed.hashes.size(); ++slot) {
    REQUIRE(indexed.finds(slot) == indexed.is_held[slot]);
    held += indexed.is_held[slot] ? 1U : 0U;
  }
  REQUIRE(indexed.index.size() == held);
  std::size_t visited = 0;
  indexed.index.for_each([&](Slot slot) {
    REQUIRE(indexed.is_held[slot]);
    ++visited;
  });
  REQUIRE(visited == held);
}

}  // namespace

TEST_CASE("The index finds what it holds and nothing else, whatever the hashes") {
  std::mt19937 random(1);
  const int kind = GENERATE(0, 1, 2);
  const auto some_hash = [&]() -> std::uint32_t {
    const auto number = static_cast<std::uint32_t>(random());
    return kind == 0 ? number : kind == 1 ? (number & 0xFFF) * 0x10001 : number & 0xFF'0000;
  };
  Indexed indexed;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 2000; ++i) indexed.add(some_hash());
    check(indexed);
    for (Slot slot = 0; slot < indexed.hashes.size(); ++slot) {
      if (indexed.is_held[slot] && random() % 2 == 0) indexed.remove(slot);
    }
    check(indexed);
  }
}

TEST_CASE("A slot in the place of another is found there") {
  Indexed indexed;
  for (std::uint32_t i = 0; i < 1000; ++i) indexed.add(i * 0x9E37'79B1U);
  indexed.hashes.push_back(indexed.hashes[5]);
  indexed.is_held.push_back(true);
  indexed.index.replace(indexed.hashes[5], 5, 1000);
  indexed.is_held[5] = false;
  check(indexed);
}

TEST_CASE("Tags are matched alike with and without vectors") {
  std::mt19937 random(1);
  for (int i = 0; i < 10'000; ++i) {
    Tags tags;
    unsigned expected = 0;
    const auto wanted = static_cast<std::uint8_t>(random() % 4 == 0 ? 0 : 0x7F + random() % 3);
    for (unsigned place = 0; place < Tags::count; ++place) {
      tags.tags[place] = static_cast<std::uint8_t>(random() % 3 == 0 ? wanted : random());
      if (tags.tags[place] == wanted) expected |= 1U << place;
    }
    tags.passed = 0x0101'0101U * wanted;  // no tag, whatever it looks like
    REQUIRE(tags.matches(wanted) == expected);
    REQUIRE(tags.matches_portably(wanted) == expected);
  }
}
