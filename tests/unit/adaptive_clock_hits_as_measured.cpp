// The default eviction policy on requests that are made up, the same in every run. Each floor is the number of hits
// that was measured, so that what makes the policy worse at any of this is seen. Who changes what it decides looks at
// the traces of real caches first (tests/traces), and then writes down here what is measured now.
#include "catch.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

using tiercache::AdaptiveClock;
using tiercache::EntryNumber;

// Nothing of the standard's distributions, which are not the same everywhere.
std::uint64_t one_of(std::mt19937& random, std::uint64_t count) {
  return random() % count;
}

// A tier of nothing but what the policy sees of one, in which keys have the same hashes in every run.
class Simulation {
 public:
  explicit Simulation(std::size_t capacity) { resize(capacity, capacity); }

  /// Where weight is what bounds a tier, a policy is told an estimate of the capacity.
  void resize(std::size_t capacity, std::size_t told) {
    capacity_ = capacity;
    policy_.resize(told);
    evict();
  }

  /// Looks a key up, and stores it if it is not there. Tells whether it was.
  bool ask(std::uint64_t key) {
    if (const auto held = numbers_.find(key); held != numbers_.end()) {
      policy_.hit(entries_[held->second]);
      return true;
    }
    const EntryNumber number = new_entry(key);
    numbers_.emplace(key, number);
    policy_.insert(std::as_const(entries_), number);
    evict();
    return false;
  }

  [[nodiscard]] bool contains(std::uint64_t key) const { return numbers_.contains(key); }
  /// Returns a key that is there, or was.
  [[nodiscard]] std::uint64_t some_key(std::mt19937& random) const {
    return entries_.keys[one_of(random, entries_.keys.size())];
  }
  /// How often the policy has looked at an entry.
  [[nodiscard]] std::size_t looks() const { return entries_.looks; }

  /// Stores another value under a key that is there.
  void replace(std::uint64_t key) {
    const EntryNumber fresh = new_entry(key);
    const EntryNumber old = std::exchange(numbers_.at(key), fresh);
    policy_.replace(std::as_const(entries_), old, fresh);
    free_.push_back(old);
  }

 private:
  struct Entries {
    EntryNumber add() {
      nodes.emplace_back();
      keys.emplace_back();
      return static_cast<EntryNumber>(nodes.size() - 1);
    }
    AdaptiveClock::Node& operator[](EntryNumber number) const {
      ++looks;
      return nodes[number];
    }
    // The finalizer of SplitMix64 (Steele, Lea, Flood 2014).
    [[nodiscard]] std::uint32_t hash(EntryNumber number) const {
      std::uint64_t key = keys[number] + 0x9E37'79B9'7F4A'7C15;
      key = (key ^ key >> 30) * 0xBF58'476D'1CE4'E5B9;
      key = (key ^ key >> 27) * 0x94D0'49BB'1331'11EB;
      return static_cast<std::uint32_t>(key >> 32);
    }
    void prefetch(EntryNumber) const {}

    mutable std::deque<AdaptiveClock::Node> nodes;
    mutable std::size_t looks = 0;
    std::vector<std::uint64_t> keys;
  };

  // As in a tier, it has the node of one that is gone.
  EntryNumber new_entry(std::uint64_t key) {
    const EntryNumber number = free_.empty() ? entries_.add() : free_.back();
    if (!free_.empty()) free_.pop_back();
    entries_.keys[number] = key;
    return number;
  }

  void evict() {
    while (numbers_.size() > capacity_) {
      const EntryNumber victim = policy_.victim(std::as_const(entries_));
      policy_.erase(std::as_const(entries_), victim);
      numbers_.erase(entries_.keys[victim]);
      free_.push_back(victim);
    }
  }

  AdaptiveClock policy_;
  Entries entries_;
  std::size_t capacity_ = 0;
  std::unordered_map<std::uint64_t, EntryNumber> numbers_;
  std::vector<EntryNumber> free_;
};

// A number below `count`: 0 most often, and each less often than the one before.
std::uint64_t small_one_of(std::mt19937& random, std::uint64_t count) {
  return one_of(random, 1 + one_of(random, 1 + one_of(random, count)));
}

constexpr std::uint64_t once = 1'000'000;

// Some keys are asked for much more often than others.
std::uint64_t skewed(std::uint64_t, std::mt19937& random) {
  return small_one_of(random, 20'000);
}
// The same, and as many others between them, once each.
std::uint64_t scanned(std::uint64_t time, std::mt19937& random) {
  return time % 2 == 0 ? once + time : small_one_of(random, 10'000);
}
// Now some keys, now others.
std::uint64_t drifting(std::uint64_t time, std::mt19937& random) {
  return time / 20 + small_one_of(random, 2000);
}
// One after the other, over and over.
std::uint64_t looping(std::uint64_t time, std::mt19937&) {
  return time % 700;
}
// A few times within a short time, and never again.
std::uint64_t bursts(std::uint64_t time, std::mt19937& random) {
  return (time + one_of(random, 2000)) / 16;
}
// Twice, with a long time between.
std::uint64_t twice(std::uint64_t time, std::mt19937& random) {
  return time % 4 == 0 ? small_one_of(random, 3000) : once + time / 1200 * 600 + time % 600;
}
// All of it, one after the other.
std::uint64_t changing(std::uint64_t time, std::mt19937& random) {
  constexpr std::uint64_t (*all[])(std::uint64_t, std::mt19937&) = {skewed, bursts, looping, scanned, drifting, twice};
  return all[time / 7000 % 6](time, random);
}

struct Floor {
  std::string requests;
  std::uint64_t (*key)(std::uint64_t time, std::mt19937& random);
  std::size_t capacity;
  /// The least number of hits.
  std::uint64_t floor;
};

/// Makes so many of the requests, from a time on; returns how many were hits.
std::uint64_t hits_of(Simulation& simulation, const Floor& point, std::mt19937& random, std::uint64_t from,
                      std::uint64_t count) {
  std::uint64_t hits = 0;
  for (std::uint64_t time = from; time < from + count; ++time) {
    hits += simulation.ask(point.key(time, random)) ? 1U : 0U;
  }
  return hits;
}

}  // namespace

TEST_CASE("The default policy has as many hits on requests that are made up as were measured, or more") {
  for (const auto& point : std::vector<Floor>{
           {"skewed", skewed, 30, 1573},
           {"skewed", skewed, 500, 13'756},
           {"skewed", skewed, 3000, 36'687},
           {"scanned", scanned, 30, 1442},
           {"scanned", scanned, 500, 9852},
           {"drifting", drifting, 100, 14'324},
           {"drifting", drifting, 500, 40'911},
           {"looping", looping, 100, 8384},
           {"looping", looping, 500, 41'153},
           {"looping", looping, 690, 57'646},
           {"bursts", bursts, 50, 23'540},
           {"bursts", bursts, 100, 44'632},
           {"twice", twice, 200, 4727},
           {"twice", twice, 500, 7870},
           {"changing", changing, 100, 13'618},
           {"changing", changing, 500, 25'402},
           {"changing", changing, 7, 1027},
       }) {
    Simulation simulation(point.capacity);
    std::mt19937 random(1);
    const std::uint64_t hits = hits_of(simulation, point, random, 0, 60'000);
    CAPTURE(point.requests, point.capacity);
    CHECK(hits >= point.floor);
  }
}

TEST_CASE("So it has while the capacity changes") {
  Simulation simulation(1);
  std::mt19937 random(1);
  std::uint64_t time = 0;
  for (const auto& point : std::vector<Floor>{
           {"changing", changing, 500, 3712},
           {"changing", changing, 400, 5784},
           {"changing", changing, 900, 3215},
           {"changing", changing, 2000, 6250},
           {"changing", changing, 1500, 4520},
           {"changing", changing, 100, 4457},
           {"changing", changing, 50, 302},
           {"changing", changing, 20, 464},
           {"changing", changing, 40, 249},
           {"changing", changing, 600, 6597},
       }) {
    simulation.resize(point.capacity, point.capacity);
    const std::uint64_t hits = hits_of(simulation, point, random, time, 10'000);
    time += 10'000;
    CAPTURE(point.capacity);
    CHECK(hits >= point.floor);
  }
}

TEST_CASE("So it has where values are replaced, and the capacity is an estimate") {
  for (const auto& point : std::vector<Floor>{
           {"skewed", skewed, 500, 13'520},
           {"drifting", drifting, 100, 13'743},
           {"drifting", drifting, 20, 3662},
           {"skewed", skewed, 10, 508},
           {"bursts", bursts, 50, 22'291},
           {"changing", changing, 500, 24'762},
       }) {
    Simulation simulation(point.capacity);
    std::mt19937 random(1);
    std::uint64_t hits = 0;
    for (std::uint64_t time = 0; time < 60'000; ++time) {
      // Now there is room for more than it is told, now for as many.
      if (time % 100 == 0) simulation.resize(point.capacity * (9 + time / 100 % 2) / 10, point.capacity * 9 / 10);
      const std::uint64_t key = point.key(time, random);
      hits += simulation.ask(key) ? 1U : 0U;
      if (time % 3 == 0) simulation.replace(key);
      const std::uint64_t other = simulation.some_key(random);
      if (simulation.contains(other)) simulation.replace(other);
    }
    CAPTURE(point.requests, point.capacity);
    CHECK(hits >= point.floor);
  }
}

TEST_CASE("No request takes the default policy many steps, whatever came before") {
  constexpr std::size_t most = 10'000;
  // All of it is in the window, and has been read, when the window is to be small.
  Simulation simulation(100 * most);
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t key = 0; key < most; ++key) simulation.ask(key);
  }
  simulation.resize(most, most);
  std::size_t steps = 0;
  for (std::uint64_t key = 0; key < 2 * most; ++key) {
    const std::size_t before = simulation.looks();
    simulation.ask(once + key);
    steps = std::max(steps, simulation.looks() - before);
  }
  CHECK(steps > 100);
  CHECK(steps < 2000);
}
