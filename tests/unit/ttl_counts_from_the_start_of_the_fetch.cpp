#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <optional>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::CacheEntry;
using tiercache::ManualClock;
using tiercache::TimePoint;

struct Cards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .not_found_ttl = 1min};
};

template <class Answer>
auto slow(Answer answer) {
  return [answer] {
    ManualClock::advance(20s);
    return answer;
  };
}

}  // namespace

TEST_CASE("P8: the TTL of a fetched value counts from the start of its fetch") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  const TimePoint start = ManualClock::now();
  CHECK(cache.get_or_fetch<Cards>(1, slow(10)).get() == 10);
  const auto entry = cache.peek<Cards>(1);
  REQUIRE(entry.has_value());
  CHECK(entry->stored_at == start);
  CHECK(entry->ttl == 1min);
  ManualClock::advance(40s - 1ns);
  CHECK(cache.get<Cards>(1) == 10);
  ManualClock::advance(1ns);
  CHECK_FALSE(cache.get<Cards>(1));
}

TEST_CASE("P8: so does a TTL that the fetcher gave") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  const TimePoint start = ManualClock::now();
  CHECK(cache.get_or_fetch<Cards>(1, slow(CacheEntry<int>{.value = 10, .ttl = 30s})).get() == 10);
  REQUIRE(cache.peek<Cards>(1).has_value());
  CHECK(cache.peek<Cards>(1)->expires_at() == start + 30s);
}

TEST_CASE("P8: so does the TTL of \"there is none\"") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  CHECK_FALSE(cache.get_or_fetch<Cards>(1, slow(std::optional<int>())).get());
  ManualClock::advance(40s - 1ns);
  static_cast<void>(cache.get<Cards>(1));
  CHECK(cache.stats<Cards>().not_found_hits == 1);
  ManualClock::advance(1ns);
  static_cast<void>(cache.get<Cards>(1));
  CHECK(cache.stats<Cards>().not_found_hits == 1);
}

TEST_CASE("P8: a value whose fetch took longer than its TTL is handed out and never a hit") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  CHECK(cache.get_or_fetch<Cards>(1, slow(CacheEntry<int>{.value = 10, .ttl = 20s})).get() == 10);
  CHECK_FALSE(cache.get<Cards>(1));
  CHECK(cache.get_or_fetch<Cards>(1, [] { return 11; }).get() == 11);
}

TEST_CASE("A fetched value may be older than its fetch, and not newer") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  const TimePoint start = ManualClock::now();
  const CacheEntry<int> old{.value = 10, .stored_at = start - 5s, .ttl = 1min};
  CHECK(cache.get_or_fetch<Cards>(1, slow(old)).get() == 10);
  REQUIRE(cache.peek<Cards>(1).has_value());
  CHECK(cache.peek<Cards>(1)->stored_at == start - 5s);

  const TimePoint second_start = ManualClock::now();
  const CacheEntry<int> from_the_future{.value = 20, .stored_at = second_start + 1s, .ttl = 1min};
  CHECK(cache.get_or_fetch<Cards>(2, slow(from_the_future)).get() == 20);
  REQUIRE(cache.peek<Cards>(2).has_value());
  CHECK(cache.peek<Cards>(2)->stored_at == second_start);
}
