#include "catch.hpp"
#include "configs.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

using namespace support;
using namespace std::chrono_literals;
using tiercache::ManualClock;

namespace {

struct Numbers : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 100s, .jitter = 0.2};
};
using Cache = tiercache::BasicTieredCache<Shared, Numbers>;

}  // namespace

TEST_CASE("jitter: ten thousand entries stored at once expire evenly over the share of the TTL") {
  ManualClock::reset();
  Cache cache;
  constexpr int count = 10'000;
  for (int key = 0; key < count; ++key) cache.put<Numbers>(key, key);
  CHECK(cache.purge_expired() == 0);
  ManualClock::advance(80s);
  CHECK(cache.purge_expired() == 0);
  std::array<std::size_t, 20> expired{};
  for (std::size_t& in_second : expired) {
    ManualClock::advance(1s);
    in_second = cache.purge_expired();
  }
  CHECK(cache.size<Numbers>() == 0);
  // 500 each if it is even; the deviation of one is about 22.
  CHECK(*std::min_element(expired.begin(), expired.end()) > 390);
  CHECK(*std::max_element(expired.begin(), expired.end()) < 610);
}

TEST_CASE("jitter: a key has the same share each time, and peek tells it") {
  ManualClock::reset();
  Cache cache;
  cache.put<Numbers>(7, 1);
  const tiercache::Ttl first = cache.peek<Numbers>(7)->ttl;
  CHECK(first > tiercache::Ttl(80s));
  CHECK(first <= tiercache::Ttl(100s));
  cache.invalidate<Numbers>(7);
  ManualClock::advance(1h);
  cache.put<Numbers>(7, 2);
  CHECK(cache.peek<Numbers>(7)->ttl == first);
  ManualClock::advance(first.duration() - 1ns);
  CHECK(cache.get<Numbers>(7));
  ManualClock::advance(1ns);
  CHECK_FALSE(cache.get<Numbers>(7));
}

TEST_CASE("jitter: a TTL of its own is shortened too, and for ever stays for ever") {
  ManualClock::reset();
  Cache cache;
  cache.put<Numbers>(7, 1);
  const auto of_tier = cache.peek<Numbers>(7)->ttl.duration();
  cache.put<Numbers>(7, 1, 1000s);
  CHECK(abs(cache.peek<Numbers>(7)->ttl.duration() / 10 - of_tier) <= 1ns);
  cache.put<Numbers>(7, 1, tiercache::forever);
  CHECK(cache.peek<Numbers>(7)->ttl == tiercache::forever);
  cache.put<Numbers>(7, 1, 0s);
  CHECK_FALSE(cache.get<Numbers>(7));
}
