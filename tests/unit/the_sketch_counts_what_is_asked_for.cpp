#include "catch.hpp"

#include <tiercache/tiercache.hpp>

#include <cstddef>
#include <cstdint>
#include <random>

namespace {

using tiercache::detail::FrequencySketch;

/// Hashes that differ.
class Hashes {
 public:
  [[nodiscard]] std::uint32_t next() { return static_cast<std::uint32_t>(random_()); }

 private:
  std::mt19937 random_{1};
};

constexpr std::size_t capacity = 1024;
constexpr std::size_t period = 5 * capacity;

/// Counts other keys, each once.
void count_others(FrequencySketch& sketch, Hashes& hashes, std::size_t count) {
  for (; count != 0; --count) sketch.count(hashes.next());
}

/// Counts a key, and then others, until the sketch has halved its counters.
std::size_t counts_until_halved(FrequencySketch& sketch) {
  constexpr std::uint32_t key = 7;
  Hashes hashes;
  for (int i = 0; i < 14; ++i) sketch.count(key);
  std::size_t counts = 0;
  for (; sketch.estimate(key) >= 14 && counts < 10 * period; ++counts) sketch.count(hashes.next());
  return counts;
}

}  // namespace

TEST_CASE("A sketch knows how often a key was counted, up to 15") {
  FrequencySketch sketch;
  sketch.start(capacity);
  Hashes hashes;
  const std::uint32_t key = hashes.next();
  for (unsigned times = 0; times < 20; ++times) {
    CHECK(sketch.estimate(key) == (times < 15 ? times : 15));
    sketch.count(key);
  }
}

TEST_CASE("What a sketch says of many keys is never too little, and seldom too much") {
  FrequencySketch sketch;
  sketch.start(capacity);
  Hashes hashes;
  const auto times_of = [](std::size_t i) { return static_cast<unsigned>(i % 4 + 1); };
  for (std::size_t i = 0; i < capacity; ++i) {
    const std::uint32_t key = hashes.next();
    for (unsigned times = 0; times < times_of(i); ++times) sketch.count(key);
  }
  Hashes again;
  std::size_t too_much = 0;
  for (std::size_t i = 0; i < capacity; ++i) {
    const unsigned estimate = sketch.estimate(again.next());
    REQUIRE(estimate >= times_of(i));
    if (estimate > times_of(i)) ++too_much;
  }
  // Another key took each of a key's four counters: four of 32 in a line that has room for 16 keys of these.
  CHECK(too_much < capacity / 25);
}

TEST_CASE("A sketch halves what it has counted, once in a while") {
  FrequencySketch sketch;
  sketch.start(capacity);
  Hashes hashes;
  const std::uint32_t key = hashes.next();
  for (int i = 0; i < 12; ++i) sketch.count(key);
  count_others(sketch, hashes, period + period / 2 - 12);
  CHECK(sketch.estimate(key) >= 12);
  count_others(sketch, hashes, period);
  CHECK(sketch.estimate(key) >= 6);
  CHECK(sketch.estimate(key) <= 8);
  count_others(sketch, hashes, period);
  CHECK(sketch.estimate(key) >= 3);
  CHECK(sketch.estimate(key) <= 6);
}

TEST_CASE("A key that is counted no higher takes nothing from the others") {
  FrequencySketch sketch;
  sketch.start(capacity);
  Hashes hashes;
  const std::uint32_t key = hashes.next();
  const std::uint32_t other = hashes.next();
  for (int i = 0; i < 12; ++i) sketch.count(key);
  for (std::size_t i = 0; i < 4 * period; ++i) sketch.count(other);
  CHECK(sketch.estimate(key) == 12);
  CHECK(sketch.estimate(other) == 15);
}

TEST_CASE("A sketch that is started again is as new") {
  FrequencySketch sketch;
  sketch.start(capacity);
  const std::size_t counts = counts_until_halved(sketch);
  CHECK(counts >= period + period / 2 - 14);
  CHECK(counts <= 2 * period + period / 2);
  sketch.start(capacity);
  CHECK(sketch.estimate(7) == 0);
  CHECK(counts_until_halved(sketch) == counts);
}

TEST_CASE("Before it is started, and after clear, a sketch knows nothing") {
  FrequencySketch sketch;
  sketch.count(1);
  CHECK(sketch.estimate(1) == 0);
  CHECK_FALSE(sketch.is_ready());
  sketch.start(capacity);
  sketch.count(1);
  CHECK(sketch.estimate(1) == 1);
  sketch.clear();
  CHECK(sketch.estimate(1) == 0);
}
