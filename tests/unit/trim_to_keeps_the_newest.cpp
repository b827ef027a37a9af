// The rule of the cache that this library grew out of: when more than 100 cards are held, keep the 50 newest.
#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::ManualClock;
using tiercache::RemovalCause;
using tiercache::TierPolicy;

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr TierPolicy policy{.ttl = 1min, .capacity = 100, .trim_to = 50};
  using eviction = tiercache::OldestFirst;
};

void put_all(ManualCache<Cards>& cache, int first, int last) {
  for (int id = first; id <= last; ++id) cache.put<Cards>(id, "card");
}

std::vector<int> held(const ManualCache<Cards>& cache) {
  std::vector<int> ids;
  for (int id = 0; id < 300; ++id) {
    if (cache.peek<Cards>(id)) ids.push_back(id);
  }
  return ids;
}

std::vector<int> range(int first, int last) {
  std::vector<int> ids;
  for (int id = first; id <= last; ++id) ids.push_back(id);
  return ids;
}

}  // namespace

TEST_CASE("The tier is filled to its capacity before anything goes") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  put_all(cache, 1, 100);
  CHECK(cache.size<Cards>() == 100);
  CHECK(cache.stats<Cards>().evictions == 0);
}

TEST_CASE("The hundred-and-first card leaves the fifty newest, itself among them") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  std::vector<int> evicted;
  cache.on_removal<Cards>([&evicted](int id, const std::string&, RemovalCause cause) {
    CHECK(cause == RemovalCause::Evicted);
    evicted.push_back(id);
  });
  put_all(cache, 1, 101);
  CHECK(held(cache) == range(52, 101));
  CHECK(evicted == range(1, 51));
  CHECK(cache.stats<Cards>().evictions == 51);

  put_all(cache, 102, 151);
  CHECK(cache.size<Cards>() == 100);
  put_all(cache, 152, 152);
  CHECK(held(cache) == range(103, 152));
}

TEST_CASE("The newest are those written last, whatever was read") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  put_all(cache, 1, 100);
  for (int i = 0; i < 10; ++i) static_cast<void>(cache.get<Cards>(1));
  cache.put<Cards>(2, "rewritten");
  CHECK(cache.size<Cards>() == 100);
  static_cast<void>(cache.get_or_fetch<Cards>(101, [] { return "fetched"; }).get());

  std::vector<int> expected = range(53, 101);
  expected.insert(expected.begin(), 2);
  CHECK(held(cache) == expected);
}

TEST_CASE("A card written again takes no new place") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  put_all(cache, 1, 100);
  put_all(cache, 1, 100);
  CHECK(cache.size<Cards>() == 100);
  CHECK(cache.stats<Cards>().evictions == 0);
  CHECK(cache.stats<Cards>().updates == 100);
}

TEST_CASE("A trim_to of one, and one as high as the capacity") {
  ManualClock::reset();
  ManualCache<Cards> cache{tiercache::with<Cards>({.ttl = 1min, .capacity = 3, .trim_to = 1})};
  put_all(cache, 1, 4);
  CHECK(held(cache) == range(4, 4));
  cache.set_policy<Cards>({.ttl = 1min, .capacity = 3, .trim_to = 3});
  put_all(cache, 5, 7);
  CHECK(held(cache) == range(5, 7));
}

TEST_CASE("A policy set later trims by its own rule") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  put_all(cache, 1, 90);
  cache.set_policy<Cards>({.ttl = 1min, .capacity = 60, .trim_to = 20});
  CHECK(held(cache) == range(71, 90));
  cache.set_policy<Cards>({.ttl = 1min, .capacity = 20, .trim_to = 5});
  CHECK(held(cache) == range(71, 90));
}
