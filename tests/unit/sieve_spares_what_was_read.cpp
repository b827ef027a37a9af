#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::ManualClock;

struct Cards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 3};
  using eviction = tiercache::Sieve;
};
struct Many : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 100};
  using eviction = tiercache::Sieve;
};

std::vector<int> held(const ManualCache<Cards>& cache) {
  std::vector<int> keys;
  for (int key = 0; key < 10; ++key) {
    if (cache.peek<Cards>(key)) keys.push_back(key);
  }
  return keys;
}

// From the oldest on: 1, 2, 3.
ManualCache<Cards>& filled(ManualCache<Cards>& cache) {
  ManualClock::reset();
  for (int key = 1; key <= 3; ++key) cache.put<Cards>(key, key);
  return cache;
}

}  // namespace

TEST_CASE("The oldest goes that was not read, and the hand stays there") {
  ManualCache<Cards> cache;
  CHECK(filled(cache).get<Cards>(1));
  cache.put<Cards>(4, 4);
  CHECK(held(cache) == std::vector{1, 3, 4});
  // It goes on from where it was: 1 was passed, though it is older than 3.
  cache.put<Cards>(5, 5);
  CHECK(held(cache) == std::vector{1, 4, 5});
}

TEST_CASE("What was read is spared once") {
  ManualCache<Cards> cache;
  CHECK(filled(cache).get<Cards>(1));
  for (int key = 4; key <= 6; ++key) cache.put<Cards>(key, key);
  // 2, 3 and 4 went; the hand is at 5.
  CHECK(held(cache) == std::vector{1, 5, 6});
  for (const int key : {5, 6}) CHECK(cache.get<Cards>(key));
  cache.put<Cards>(7, 7);
  CHECK(held(cache) == std::vector{5, 6, 7});
}

TEST_CASE("What comes to the place of what was read was not read itself") {
  for (const int read : {1, 2, 3}) {  // the place of one of them is that of the next 1
    ManualCache<Cards> cache;
    CHECK(filled(cache).get<Cards>(read));
    cache.clear();
    filled(cache).put<Cards>(4, 4);
    CHECK(held(cache) == std::vector{2, 3, 4});
  }
}

TEST_CASE("What is written anew keeps its place and whether it was read") {
  ManualCache<Cards> cache;
  CHECK(filled(cache).get<Cards>(1));
  cache.put<Cards>(1, 10);
  cache.put<Cards>(2, 20);
  cache.put<Cards>(4, 4);
  CHECK(held(cache) == std::vector{1, 3, 4});
}

TEST_CASE("After 64 steps the hand takes the next one as it is") {
  ManualClock::reset();
  ManualCache<Many> cache;
  for (int key = 0; key < 100; ++key) cache.put<Many>(key, key);
  for (int key = 0; key < 99; ++key) CHECK(cache.get<Many>(key));
  cache.put<Many>(100, 100);
  CHECK_FALSE(cache.peek<Many>(64));
  CHECK(cache.peek<Many>(99));
}
