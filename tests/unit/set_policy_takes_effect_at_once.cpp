#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <optional>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::CacheEntry;
using tiercache::ManualClock;
using tiercache::RemovalCause;
using tiercache::TierPolicy;

struct Cards : tiercache::Tier<int, int> {
  static constexpr TierPolicy policy{.ttl = 1min, .not_found_ttl = 1min, .capacity = 100, .expected_hit_rate = 0.5};
  using eviction = tiercache::OldestFirst;
};
struct Boards : tiercache::Tier<int, int> {
  static constexpr TierPolicy policy{.ttl = 1min};
};
using Cache = ManualCache<Cards, Boards>;

std::vector<int> held(const Cache& cache) {
  std::vector<int> keys;
  for (int key = 0; key < 20; ++key) {
    if (cache.peek<Cards>(key)) keys.push_back(key);
  }
  return keys;
}

}  // namespace

TEST_CASE("policy returns what the tier follows") {
  Cache cache;
  CHECK(cache.policy<Cards>() == Cards::policy);
  const TierPolicy policy{.ttl = 5s, .capacity = 7, .trim_to = 3, .max_weight = 9, .expected_hit_rate = 0.25};
  cache.set_policy<Cards>(policy);
  CHECK(cache.policy<Cards>() == policy);
  CHECK(cache.policy<Boards>() == Boards::policy);
  CHECK(cache.stats<Cards>().expected_hit_rate == 0.25);
}

TEST_CASE("with gives a tier another policy from the start, and no other tier") {
  ManualClock::reset();
  auto policy = Cards::policy;
  policy.ttl = 30s;
  Cache cache{tiercache::with<Cards>(policy)};
  CHECK(cache.policy<Cards>() == policy);
  CHECK(cache.policy<Boards>() == Boards::policy);
  cache.put<Cards>(1, 1);
  cache.put<Boards>(1, 1);
  ManualClock::advance(30s);
  CHECK_FALSE(cache.get<Cards>(1));
  CHECK(cache.get<Boards>(1));

  Cache both{tiercache::with<Boards>({.ttl = 1s}), tiercache::with<Cards>({.ttl = 2s})};
  CHECK(both.policy<Cards>() == TierPolicy{.ttl = 2s});
  CHECK(both.policy<Boards>() == TierPolicy{.ttl = 1s});
}

TEST_CASE("A lower capacity evicts at once, by the tier's rule") {
  ManualClock::reset();
  Cache cache;
  std::vector<int> evicted;
  cache.on_removal<Cards>([&evicted](int key, int, RemovalCause cause) {
    CHECK(cause == RemovalCause::Evicted);
    evicted.push_back(key);
  });
  for (int key = 1; key <= 6; ++key) cache.put<Cards>(key, key);
  cache.set_policy<Cards>({.ttl = 1min, .capacity = 4});
  CHECK(held(cache) == std::vector{3, 4, 5, 6});
  CHECK(evicted == std::vector{1, 2});
  cache.set_policy<Cards>({.ttl = 1min, .capacity = 4, .trim_to = 2});
  CHECK(held(cache) == std::vector{3, 4, 5, 6});
  cache.set_policy<Cards>({.ttl = 1min, .capacity = 3, .trim_to = 2});
  CHECK(held(cache) == std::vector{5, 6});
  cache.set_policy<Cards>({.ttl = 1min, .capacity = 0});
  CHECK(cache.size<Cards>() == 0);
  CHECK(cache.stats<Cards>().evictions == 6);
  cache.set_policy<Cards>({.ttl = 1min});
  for (int key = 1; key <= 200; ++key) cache.put<Cards>(key, key);
  CHECK(cache.size<Cards>() == 200);
}

TEST_CASE("A shorter TTL counts for what is held, from when it was stored") {
  ManualClock::reset();
  Cache cache;
  cache.put<Cards>(1, 1);
  ManualClock::advance(20s);
  cache.put<Cards>(2, 2);
  cache.set_policy<Cards>({.ttl = 20s});
  CHECK_FALSE(cache.get<Cards>(1));
  CHECK(cache.get<Cards>(2) == 2);
  CHECK(cache.peek<Cards>(2)->ttl == 20s);
  ManualClock::advance(20s);
  CHECK_FALSE(cache.get<Cards>(2));
}

TEST_CASE("A longer TTL lengthens the life of what is fresh, and brings nothing back") {
  ManualClock::reset();
  Cache cache;
  cache.put<Cards>(1, 1);
  ManualClock::advance(1s);
  cache.put<Cards>(2, 2);
  ManualClock::advance(59s);
  cache.set_policy<Cards>({.ttl = 1h});
  CHECK_FALSE(cache.get<Cards>(1));
  CHECK_FALSE(cache.peek<Cards>(1));
  CHECK(cache.get<Cards>(2) == 2);
  CHECK(cache.stats<Cards>().expirations == 1);
  ManualClock::advance(1h - 59s - 1ns);
  CHECK(cache.get<Cards>(2) == 2);
  ManualClock::advance(1ns);
  CHECK_FALSE(cache.get<Cards>(2));
}

TEST_CASE("A TTL that an entry has of its own stays") {
  ManualClock::reset();
  Cache cache;
  cache.put<Cards>(1, 1, 40s);
  cache.put<Cards>(2, CacheEntry<int>{.value = 2, .ttl = 1h});
  static_cast<void>(cache.get_or_fetch<Cards>(3, [] { return CacheEntry<int>{.value = 3, .ttl = 2h}; }).get());
  static_cast<void>(cache.get_or_fetch<Cards>(4, [] { return 4; }).get());
  cache.set_policy<Cards>({.ttl = 10s});
  CHECK(cache.peek<Cards>(1)->ttl == 40s);
  CHECK(cache.peek<Cards>(2)->ttl == 1h);
  CHECK(cache.peek<Cards>(3)->ttl == 2h);
  CHECK(cache.peek<Cards>(4)->ttl == 10s);
  // The own TTL is gone with the entry that had it.
  cache.put<Cards>(1, 10);
  cache.set_policy<Cards>({.ttl = 15s});
  CHECK(cache.peek<Cards>(1)->ttl == 15s);
}

TEST_CASE("What is remembered not to exist follows not_found_ttl, and not ttl") {
  ManualClock::reset();
  Cache cache;
  int fetches = 0;
  const auto none = [&fetches]() -> std::optional<int> {
    ++fetches;
    return std::nullopt;
  };
  CHECK_FALSE(cache.get_or_fetch<Cards>(1, none).get());
  cache.set_policy<Cards>({.ttl = 1s, .not_found_ttl = 30s});
  ManualClock::advance(30s - 1ns);
  CHECK_FALSE(cache.get_or_fetch<Cards>(1, none).get());
  CHECK(fetches == 1);
  ManualClock::advance(1ns);
  CHECK_FALSE(cache.get_or_fetch<Cards>(1, none).get());
  CHECK(fetches == 2);
  cache.set_policy<Cards>({.ttl = 1h});
  CHECK_FALSE(cache.get_or_fetch<Cards>(1, none).get());
  CHECK(fetches == 3);
}

TEST_CASE("A fetch under way is stored by the policy that holds when it ends") {
  ManualClock::reset();
  Cache cache;
  const auto fetch = [&cache] {
    cache.set_policy<Cards>({.ttl = 10s});
    return 1;
  };
  CHECK(cache.get_or_fetch<Cards>(1, fetch).get() == 1);
  CHECK(cache.peek<Cards>(1)->ttl == 10s);
}
