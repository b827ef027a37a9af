#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::CacheEntry;
using tiercache::ManualClock;
using tiercache::TimePoint;

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
using Cache = ManualCache<Cards>;

CacheEntry<std::string> held(const Cache& cache, const char* key) {
  const auto entry = cache.peek<Cards>(key);
  REQUIRE(entry.has_value());
  return *entry;
}

}  // namespace

TEST_CASE("put stores a value for the tier's TTL from now") {
  ManualClock::reset();
  Cache cache;
  cache.put<Cards>("a", "one");
  CHECK(held(cache, "a").value == "one");
  CHECK(held(cache, "a").ttl == 1min);
  CHECK(held(cache, "a").stored_at == ManualClock::now());
}

TEST_CASE("put with a TTL stores a value for that long from now") {
  ManualClock::reset();
  Cache cache;
  cache.put<Cards>("a", "one", 30s);
  CHECK(held(cache, "a").ttl == 30s);
  CHECK(held(cache, "a").stored_at == ManualClock::now());
  cache.put<Cards>("a", "one", tiercache::forever);
  CHECK(held(cache, "a").ttl == tiercache::forever);
  cache.put<Cards>("a", "one", std::chrono::duration<double>(0.5));
  CHECK(held(cache, "a").ttl == 500ms);
}

TEST_CASE("put of an entry keeps its TTL and the time it was stored, if that is in the past") {
  ManualClock::reset();
  Cache cache;
  const TimePoint now = ManualClock::now();
  cache.put<Cards>("a", CacheEntry<std::string>{.value = "one", .ttl = 30s});
  CHECK(held(cache, "a").ttl == 30s);
  CHECK(held(cache, "a").stored_at == now);
  cache.put<Cards>("b", CacheEntry<std::string>{.value = "two", .stored_at = now - 10s, .ttl = 30s});
  CHECK(held(cache, "b").stored_at == now - 10s);
  cache.put<Cards>("c", CacheEntry<std::string>{.value = "three", .stored_at = now + 10s, .ttl = 30s});
  CHECK(held(cache, "c").stored_at == now);
  cache.put<Cards>("d", CacheEntry<std::string>{.value = "four", .stored_at = TimePoint(-1h), .ttl = 24h});
  CHECK(held(cache, "d").stored_at == TimePoint(-1h));
  CHECK_FALSE(held(cache, "d").is_fresh(now));

  ManualClock::advance(20s);
  CHECK(cache.get<Cards>("a"));
  CHECK_FALSE(cache.get<Cards>("b"));
  ManualClock::advance(10s);
  CHECK_FALSE(cache.get<Cards>("a"));
}

TEST_CASE("put of an entry that does not say how long it lives stores it for the tier's TTL") {
  ManualClock::reset();
  Cache cache;
  const TimePoint now = ManualClock::now();
  cache.put<Cards>("a", CacheEntry<std::string>{.value = "one"});
  CHECK(held(cache, "a").ttl == 1min);
  CHECK(held(cache, "a").ttl.is_set());
  cache.put<Cards>("b", CacheEntry<std::string>{.value = "two", .stored_at = now - 10s});
  CHECK(held(cache, "b").stored_at == now - 10s);
  CHECK(held(cache, "b").ttl == 1min);
  cache.put<Cards>("c", CacheEntry<std::string>{.value = "three", .ttl = 0s});
  CHECK_FALSE(cache.get<Cards>("c"));
  // It is the tier's: a change of the policy changes it.
  cache.set_policy<Cards>({.ttl = 30s});
  CHECK(held(cache, "a").ttl == 30s);
}

TEST_CASE("What peek returned can be put back, with the life that it has left") {
  ManualClock::reset();
  Cache cache;
  cache.put<Cards>("a", "one", 30s);
  ManualClock::advance(10s);
  auto entry = held(cache, "a");
  entry.value += " more";
  cache.put<Cards>("a", entry);
  CHECK(held(cache, "a").expires_at() == ManualClock::now() + 20s);
  CHECK(cache.get<Cards>("a") == "one more");
}

TEST_CASE("put takes what converts to the value, by reference or moved") {
  ManualClock::reset();
  Cache cache;
  std::string value(50, 'x');
  cache.put<Cards>("a", value);
  CHECK(value == std::string(50, 'x'));
  cache.put<Cards>("b", std::move(value));
  CHECK(cache.get<Cards>("b") == std::string(50, 'x'));
  cache.put<Cards>("c", {"yyyyy", 3});
  CHECK(cache.get<Cards>("c") == "yyy");
  const CacheEntry<const char*> of_another_type{.value = "z", .ttl = 30s};
  cache.put<Cards>("d", of_another_type);
  CHECK(held(cache, "d").value == "z");
  CHECK(held(cache, "d").ttl == 30s);
}

TEST_CASE("put replaces what was held, its TTL too, and counts an insert or an update") {
  ManualClock::reset();
  Cache cache;
  cache.put<Cards>("a", "one", tiercache::forever);
  CHECK(cache.stats<Cards>().inserts == 1);
  cache.put<Cards>("a", "two");
  CHECK(cache.get<Cards>("a") == "two");
  CHECK(held(cache, "a").ttl == 1min);
  CHECK(cache.size<Cards>() == 1);
  CHECK(cache.stats<Cards>().inserts == 1);
  CHECK(cache.stats<Cards>().updates == 1);
  ManualClock::advance(1min);
  cache.put<Cards>("a", "three");
  CHECK(cache.stats<Cards>().inserts == 2);
  CHECK(cache.stats<Cards>().updates == 1);
  CHECK(cache.stats<Cards>().expirations == 1);
}
