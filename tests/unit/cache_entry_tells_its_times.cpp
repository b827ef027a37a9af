#include "catch.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <string>

namespace {

using namespace std::chrono_literals;
using tiercache::CacheEntry;
using tiercache::TimePoint;

constexpr TimePoint noon{12h};
constexpr CacheEntry<int> entry{.value = 7, .stored_at = noon, .ttl = 60s};
constexpr CacheEntry<int> eternal{.value = 7, .stored_at = noon, .ttl = tiercache::forever};

}  // namespace

TEST_CASE("P8: an entry is fresh before its deadline and not at it") {
  CHECK(entry.expires_at() == noon + 60s);
  CHECK(entry.is_fresh(noon));
  CHECK(entry.is_fresh(noon + 60s - 1ns));
  CHECK_FALSE(entry.is_fresh(noon + 60s));
  CHECK_FALSE(entry.is_fresh(noon + 60s + 1ns));
  CHECK_FALSE(entry.is_fresh((TimePoint::max)()));
  static_assert(entry.is_fresh(noon + 59s) && !entry.is_fresh(noon + 60s));
}

TEST_CASE("P8: an entry without a TTL is never fresh, one that lives forever always") {
  CHECK_FALSE(CacheEntry<int>{.value = 7, .stored_at = noon}.is_fresh(noon));
  CHECK_FALSE(CacheEntry<int>{.value = 7, .stored_at = noon, .ttl = -1s}.is_fresh(noon));
  CHECK(eternal.expires_at() == (TimePoint::max)());
  CHECK(eternal.is_fresh((TimePoint::min)()));
  CHECK(eternal.is_fresh((TimePoint::max)()));
}

TEST_CASE("P8: at the last point in time only what lives for ever is fresh") {
  constexpr TimePoint last = (TimePoint::max)();
  CHECK_FALSE(CacheEntry<int>{1, last, 0s}.is_fresh(last));
  CHECK_FALSE(CacheEntry<int>{1, last - 5s, 10s}.is_fresh(last));
  CHECK(CacheEntry<int>{1, last - 5s, tiercache::forever}.is_fresh(last));
}

TEST_CASE("P8: the deadline of an entry saturates at the last point in time") {
  constexpr TimePoint last = (TimePoint::max)();
  constexpr TimePoint first = (TimePoint::min)();
  CHECK(CacheEntry<int>{.value = 7, .stored_at = last - 60s, .ttl = 61s}.expires_at() == last);
  CHECK(CacheEntry<int>{.value = 7, .stored_at = last - 60s, .ttl = 59s}.expires_at() == last - 1s);
  CHECK(CacheEntry<int>{.value = 7, .stored_at = last, .ttl = 1h}.expires_at() == last);
  CHECK(CacheEntry<int>{.value = 7, .stored_at = first, .ttl = 60s}.expires_at() == first + 60s);
  CHECK(CacheEntry<int>{.value = 7, .stored_at = first, .ttl = tiercache::forever}.expires_at() == last);
  CHECK(CacheEntry<int>{.value = 7, .stored_at = TimePoint(-1h), .ttl = 60s}.expires_at() == TimePoint(60s - 1h));
  CHECK(CacheEntry<int>{.value = 7, .stored_at = noon, .ttl = tiercache::forever.duration() - 1ns}.expires_at() ==
        last);
}

TEST_CASE("P8: the age of an entry is never negative and saturates") {
  CHECK(entry.age(noon) == 0ns);
  CHECK(entry.age(noon + 5s) == 5s);
  CHECK(entry.age(noon - 5s) == 0ns);
  CHECK(entry.age((TimePoint::min)()) == 0ns);
  const CacheEntry<int> early{.value = 7, .stored_at = (TimePoint::min)(), .ttl = 60s};
  CHECK(early.age((TimePoint::max)()) == (std::chrono::nanoseconds::max)());
  CHECK(early.age((TimePoint::min)() + 1ns) == 1ns);
  static_assert(entry.age(noon + 5s) == 5s);
}

TEST_CASE("An entry holds any value, also one that cannot be made from nothing") {
  struct NoDefault {
    explicit NoDefault(int its_number) : number(its_number) {}
    int number;
  };
  const CacheEntry<NoDefault> made{.value = NoDefault(3), .stored_at = noon, .ttl = 1s};
  CHECK(made.value.number == 3);
  CHECK(CacheEntry<std::string>{}.value.empty());
}
