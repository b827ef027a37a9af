#include "catch.hpp"
#include "manual_time.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::ManualClock;

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
struct Boards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 3min};
};
struct Workspace : tiercache::Tier<tiercache::Unkeyed, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 5min};
};
using Cache = ManualCache<Cards, Boards, Workspace>;

void fill(Cache& cache) {
  ManualClock::reset();
  for (int key = 1; key <= 6; ++key) cache.put<Cards>(key, key % 2 == 0 ? "even" : "odd");
  cache.put<Boards>("a", "board");
  cache.put<Workspace>("workspace");
}

std::vector<int> held(const Cache& cache) {
  std::vector<int> keys;
  for (int key = 0; key < 10; ++key) {
    if (cache.peek<Cards>(key)) keys.push_back(key);
  }
  return keys;
}

}  // namespace

TEST_CASE("invalidate drops the entry of a key, fresh or not, and tells whether there was one") {
  Cache cache;
  fill(cache);
  CHECK(cache.invalidate<Cards>(3) == 1);
  CHECK(cache.invalidate<Cards>(3) == 0);
  CHECK(cache.invalidate<Cards>(99) == 0);
  CHECK(held(cache) == std::vector{1, 2, 4, 5, 6});
  ManualClock::advance(1min);
  CHECK(cache.invalidate<Cards>(4) == 1);
  CHECK(held(cache) == std::vector{1, 2, 5, 6});
  CHECK(cache.stats<Cards>().invalidations == 2);
  CHECK(cache.stats<Cards>().expirations == 0);
}

TEST_CASE("invalidate without a key drops the tier and no other") {
  Cache cache;
  fill(cache);
  CHECK(cache.invalidate<Cards>() == 6);
  CHECK(cache.size<Cards>() == 0);
  CHECK(cache.invalidate<Cards>() == 0);
  CHECK(cache.get<Boards>("a") == "board");
  CHECK(cache.invalidate<Workspace>() == 1);
  CHECK(cache.invalidate<Workspace>() == 0);
  CHECK(cache.get<Boards>("a") == "board");
  CHECK(cache.stats<Cards>().invalidations == 6);
}

TEST_CASE("clear drops all tiers") {
  Cache cache;
  fill(cache);
  CHECK(cache.clear() == 8);
  CHECK(cache.clear() == 0);
  CHECK(cache.size<Cards>() == 0);
  CHECK(cache.size<Boards>() == 0);
  CHECK(cache.size<Workspace>() == 0);
  CHECK(cache.stats<Cards>().invalidations == 6);
  CHECK(cache.stats<Boards>().invalidations == 1);
  cache.put<Cards>(1, "again");
  CHECK(cache.get<Cards>(1) == "again");
}

TEST_CASE("invalidate_if asks about each entry once, fresh or not, and drops those meant") {
  Cache cache;
  fill(cache);
  ManualClock::advance(1min);
  std::vector<int> asked;
  const std::size_t dropped = cache.invalidate_if<Cards>([&asked](int key, const std::string& value) {
    asked.push_back(key);
    return value == "even";
  });
  CHECK(dropped == 3);
  std::sort(asked.begin(), asked.end());
  CHECK(asked == std::vector{1, 2, 3, 4, 5, 6});
  CHECK(held(cache) == std::vector{1, 3, 5});
  CHECK(cache.stats<Cards>().invalidations == 3);
}

TEST_CASE("invalidate_if goes by the key, by the value, or by neither") {
  Cache cache;
  fill(cache);
  CHECK(cache.invalidate_if<Cards>([](int key, const std::string&) { return key > 4; }) == 2);
  CHECK(held(cache) == std::vector{1, 2, 3, 4});
  CHECK(cache.invalidate_if<Cards>([](int, const std::string& value) { return value == "odd"; }) == 2);
  CHECK(held(cache) == std::vector{2, 4});
  CHECK(cache.invalidate_if<Cards>([](int, const std::string&) { return false; }) == 0);
  CHECK(cache.invalidate_if<Cards>([](const auto&...) { return true; }) == 2);
  CHECK(cache.size<Cards>() == 0);
  CHECK(cache.invalidate_if<Workspace>([](const std::string& value) { return value == "another"; }) == 0);
  CHECK(cache.invalidate_if<Workspace>([](const std::string& value) { return value == "workspace"; }) == 1);
}

TEST_CASE("After an invalidation the next get_or_fetch fetches, and the one after hits") {
  Cache cache;
  fill(cache);
  int fetches = 0;
  const auto fetch = [&fetches] { return std::to_string(++fetches); };
  const auto expect_fetch = [&](const std::string& expected) {
    CHECK(cache.get_or_fetch<Cards>(1, fetch).get() == expected);
    CHECK(cache.get_or_fetch<Cards>(1, fetch).get() == expected);
  };
  cache.invalidate<Cards>(1);
  expect_fetch("1");
  cache.invalidate<Cards>();
  expect_fetch("2");
  cache.invalidate_if<Cards>([](int key, const std::string&) { return key == 1; });
  expect_fetch("3");
  cache.clear();
  expect_fetch("4");
}
