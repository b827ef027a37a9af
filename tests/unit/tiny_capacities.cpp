#include "catch.hpp"
#include "manual_time.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::ManualClock;
using tiercache::RemovalCause;
using tiercache::Ttl;

template <class Order>
struct Cards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  using eviction = Order;
};

}  // namespace

TEMPLATE_TEST_CASE("A tier of 0, 1, 2 or 3 entries holds just as many, the last ones", "", tiercache::OldestFirst,
                   tiercache::Lru) {
  using T = Cards<TestType>;
  const std::size_t capacity = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3});
  ManualClock::reset();
  ManualCache<T> cache{tiercache::with<T>({.ttl = 1min, .capacity = capacity})};
  for (int key = 1; key <= 9; ++key) {
    cache.template put<T>(key, key);
    CHECK(cache.template size<T>() == (std::min)(capacity, static_cast<std::size_t>(key)));
    CHECK(cache.template get<T>(key).has_value() == (capacity > 0));
  }
  for (int key = 1; key <= 9; ++key) {
    const bool is_held = key > 9 - static_cast<int>(capacity);
    CHECK(cache.template get<T>(key).has_value() == is_held);
  }
}

TEST_CASE("A tier of capacity 0 fetches each time, hands out each value and counts that none was stored") {
  using T = Cards<tiercache::Lru>;
  ManualClock::reset();
  ManualCache<T> cache{tiercache::with<T>({.ttl = 1min, .not_found_ttl = 1min, .capacity = 0})};
  int fetches = 0;
  for (int i = 1; i <= 3; ++i) {
    CHECK(cache.get_or_fetch<T>(1, [&fetches] { return ++fetches; }).get() == i);
  }
  CHECK_FALSE(cache.get_or_fetch<T>(1, [] { return std::optional<int>(); }).get());
  cache.put<T>(1, 10);
  CHECK_FALSE(cache.peek<T>(1));
  CHECK(cache.size<T>() == 0);
  const auto stats = cache.stats<T>();
  CHECK(stats.store_failures == 5);
  CHECK(stats.inserts == 0);
  CHECK(stats.fetches_led == 4);
  CHECK(stats.fetch_failures == 0);
}

TEST_CASE("A tier of capacity 1 replaces its entry, and updates it in place") {
  using T = Cards<tiercache::OldestFirst>;
  ManualClock::reset();
  ManualCache<T> cache{tiercache::with<T>({.ttl = 1min, .capacity = 1})};
  std::vector<RemovalCause> causes;
  cache.on_removal<T>([&causes](int, int, RemovalCause cause) { causes.push_back(cause); });
  cache.put<T>(1, 10);
  cache.put<T>(1, 11);
  cache.put<T>(2, 20);
  CHECK(cache.get<T>(2) == 20);
  CHECK(causes == std::vector{RemovalCause::Replaced, RemovalCause::Evicted});
}

TEST_CASE("An entry that is dead makes room before one that lives") {
  using T = Cards<tiercache::OldestFirst>;
  ManualClock::reset();
  ManualCache<T> cache{tiercache::with<T>({.ttl = 1min, .capacity = 2})};
  cache.put<T>(1, 10, 1s);
  cache.put<T>(2, 20);
  ManualClock::advance(1s);
  cache.put<T>(3, 30);
  CHECK(cache.get<T>(2) == 20);
  CHECK(cache.get<T>(3) == 30);
  CHECK(cache.stats<T>().expirations == 1);
  CHECK(cache.stats<T>().evictions == 0);
}

TEST_CASE("Every capacity goes with every TTL") {
  using T = Cards<tiercache::Lru>;
  const std::size_t capacity = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{3}, tiercache::unbounded);
  const Ttl ttl = GENERATE(Ttl(0ns), Ttl(1ns), Ttl(1min), tiercache::forever);
  ManualClock::reset();
  ManualCache<T> cache{tiercache::with<T>({.ttl = ttl, .capacity = capacity})};
  for (int key = 0; key < 50; ++key) {
    const bool is_kept = capacity > 0 && ttl > Ttl(0ns);
    cache.put<T>(key, key);
    CHECK(cache.get<T>(key).has_value() == is_kept);
    CHECK(cache.get_or_fetch<T>(key, [] { return -1; }).get() == (is_kept ? key : -1));
    CHECK(cache.size<T>() <= capacity);
  }
  ManualClock::advance(1h);
  CHECK(cache.get<T>(49).has_value() == (capacity > 0 && ttl == tiercache::forever));
}
