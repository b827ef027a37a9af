#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::ManualClock;
using tiercache::RemovalCause;
using tiercache::unbounded;

constexpr std::size_t huge = (std::numeric_limits<std::size_t>::max)();

// A value is its own weight.
struct Blobs : tiercache::Tier<int, std::size_t> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .not_found_ttl = 1min, .max_weight = 10};
  using eviction = tiercache::OldestFirst;
  static std::size_t weigh(int, const std::size_t& value) { return value; }
};

struct Documents : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .max_weight = 10};
  using eviction = tiercache::OldestFirst;
  static std::size_t weigh(const std::string& key, const std::string& value) { return key.size() + value.size(); }
};

struct Page : tiercache::Tier<tiercache::Unkeyed, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .max_weight = 10};
  static std::size_t weigh(const std::string& value) { return value.size(); }
};

struct Unweighed : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .max_weight = 3};
};

std::vector<int> held(const ManualCache<Blobs>& cache) {
  std::vector<int> keys;
  for (int key = 0; key < 10; ++key) {
    if (cache.peek<Blobs>(key)) keys.push_back(key);
  }
  return keys;
}

}  // namespace

TEST_CASE("As many entries are held as weigh no more than max_weight together") {
  ManualClock::reset();
  ManualCache<Blobs> cache;
  cache.put<Blobs>(1, 4U);
  cache.put<Blobs>(2, 4U);
  cache.put<Blobs>(3, 2U);
  CHECK(held(cache) == std::vector{1, 2, 3});
  CHECK(cache.stats<Blobs>().weight == 10);
  cache.put<Blobs>(4, 1U);
  CHECK(held(cache) == std::vector{2, 3, 4});
  CHECK(cache.stats<Blobs>().weight == 7);
  cache.put<Blobs>(5, 10U);
  CHECK(held(cache) == std::vector{5});
  CHECK(cache.stats<Blobs>().weight == 10);
}

TEST_CASE("The weight follows every way in and out") {
  ManualClock::reset();
  ManualCache<Blobs> cache;
  cache.put<Blobs>(1, 3U);
  cache.put<Blobs>(1, 5U);
  CHECK(cache.stats<Blobs>().weight == 5);
  static_cast<void>(cache.get_or_fetch<Blobs>(2, [] { return std::size_t{2}; }).get());
  CHECK(cache.stats<Blobs>().weight == 7);
  cache.invalidate<Blobs>(1);
  CHECK(cache.stats<Blobs>().weight == 2);
  ManualClock::advance(1min);
  cache.purge_expired();
  CHECK(cache.stats<Blobs>().weight == 0);
  cache.put<Blobs>(1, 9U);
  cache.trim<Blobs>(0);
  CHECK(cache.stats<Blobs>().weight == 0);
}

TEST_CASE("What is too heavy by itself is not stored, and counted") {
  ManualClock::reset();
  ManualCache<Blobs> cache;
  cache.put<Blobs>(1, 4U);
  cache.put<Blobs>(2, 11U);
  CHECK(held(cache) == std::vector{1});
  CHECK(cache.stats<Blobs>().store_failures == 1);
  CHECK(cache.stats<Blobs>().inserts == 1);
  CHECK(cache.get_or_fetch<Blobs>(3, [] { return huge; }).get() == huge);
  CHECK(held(cache) == std::vector{1});
  CHECK(cache.stats<Blobs>().store_failures == 2);
  CHECK(cache.stats<Blobs>().evictions == 0);
}

TEST_CASE("What is too heavy takes the value it replaces with it") {
  ManualClock::reset();
  ManualCache<Blobs> cache;
  std::vector<RemovalCause> causes;
  cache.on_removal<Blobs>([&causes](int, std::size_t, RemovalCause cause) { causes.push_back(cause); });
  cache.put<Blobs>(1, 4U);
  cache.put<Blobs>(1, 11U);
  // Not the old value: that one was overwritten.
  CHECK_FALSE(cache.peek<Blobs>(1));
  CHECK(causes == std::vector{RemovalCause::Evicted});
  CHECK(cache.stats<Blobs>().evictions == 1);
  CHECK(cache.stats<Blobs>().updates == 0);
  CHECK(cache.stats<Blobs>().store_failures == 1);
}

TEST_CASE("Weights of nothing are held in any number") {
  ManualClock::reset();
  ManualCache<Blobs> cache{tiercache::with<Blobs>({.ttl = 1min, .max_weight = 0})};
  for (int key = 0; key < 100; ++key) cache.put<Blobs>(key, 0U);
  CHECK(cache.size<Blobs>() == 100);
  cache.put<Blobs>(1, 1U);
  CHECK(cache.size<Blobs>() == 99);
  CHECK(cache.stats<Blobs>().store_failures == 1);
}

TEST_CASE("Weights beyond 32 bits, and sums beyond 64, do not wrap") {
  ManualClock::reset();
  ManualCache<Blobs> cache{tiercache::with<Blobs>({.ttl = 1min, .max_weight = huge - 1})};
  const std::size_t four_gigabytes = std::size_t{1} << 32;
  cache.put<Blobs>(1, four_gigabytes);
  cache.put<Blobs>(2, four_gigabytes);
  CHECK(cache.stats<Blobs>().weight == 2 * four_gigabytes);
  cache.put<Blobs>(3, huge);
  CHECK(held(cache) == std::vector{1, 2});
  cache.put<Blobs>(4, huge - 1);
  CHECK(held(cache) == std::vector{4});
  cache.put<Blobs>(5, 0U);
  CHECK(held(cache) == std::vector{4, 5});
  cache.put<Blobs>(6, 1U);
  CHECK(held(cache) == std::vector{5, 6});
  CHECK(cache.stats<Blobs>().weight == 1);
}

TEST_CASE("A lower max_weight takes effect at once, a higher one with the next store") {
  ManualClock::reset();
  ManualCache<Blobs> cache;
  for (int key = 1; key <= 5; ++key) cache.put<Blobs>(key, 2U);
  cache.set_policy<Blobs>({.ttl = 1min, .max_weight = 5});
  CHECK(held(cache) == std::vector{4, 5});
  cache.set_policy<Blobs>({.ttl = 1min, .max_weight = 8});
  cache.put<Blobs>(6, 4U);
  CHECK(held(cache) == std::vector{4, 5, 6});
}

TEST_CASE("What outgrew its weight is trimmed as what outgrew its capacity") {
  ManualClock::reset();
  ManualCache<Blobs> cache{tiercache::with<Blobs>({.ttl = 1min, .capacity = 10, .trim_to = 2, .max_weight = 10})};
  for (int key = 1; key <= 5; ++key) cache.put<Blobs>(key, 2U);
  cache.put<Blobs>(6, 1U);
  CHECK(held(cache) == std::vector{5, 6});
}

TEST_CASE("A key may weigh, and the one value of an unkeyed tier") {
  ManualClock::reset();
  ManualCache<Documents, Page> cache;
  cache.put<Documents>("four", "sixsix");
  CHECK(cache.stats<Documents>().weight == 10);
  cache.put<Documents>("a", "b");
  CHECK(cache.size<Documents>() == 1);
  CHECK(cache.stats<Documents>().weight == 2);
  cache.put<Page>("0123456789");
  CHECK(cache.stats<Page>().weight == 10);
  cache.put<Page>("0123456789a");
  CHECK_FALSE(cache.get<Page>());
}

TEST_CASE("Without a weigher an entry weighs one, and what is known not to exist does so too") {
  ManualClock::reset();
  ManualCache<Unweighed, Blobs> cache;
  for (int key = 0; key < 10; ++key) cache.put<Unweighed>(key, key);
  CHECK(cache.size<Unweighed>() == 3);
  CHECK(cache.stats<Unweighed>().weight == 3);
  static_cast<void>(cache.get_or_fetch<Blobs>(1, [] { return std::optional<std::size_t>(); }).get());
  CHECK(cache.stats<Blobs>().weight == 1);
}

TEST_CASE("What is known not to exist weighs one, whatever had its place before") {
  ManualClock::reset();
  ManualCache<Blobs> cache;
  int asked = 0;
  const auto find_nothing = [&asked] {
    ++asked;
    return std::optional<std::size_t>();
  };
  SECTION("one that was too heavy") {
    cache.put<Blobs>(1, 11U);
  }
  SECTION("one that left") {
    cache.put<Blobs>(1, 7U);
    cache.invalidate<Blobs>(1);
  }
  SECTION("one that was evicted") {
    cache.put<Blobs>(1, 7U);
    cache.put<Blobs>(2, 9U);
    cache.invalidate<Blobs>(2);
  }
  for (const int key : {3, 3, 4, 4}) CHECK_FALSE(cache.get_or_fetch<Blobs>(key, find_nothing).get());
  CHECK(asked == 2);
  CHECK(cache.size<Blobs>() == 2);
  CHECK(cache.stats<Blobs>().weight == 2);
}
