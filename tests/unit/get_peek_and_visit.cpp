#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::CacheEntry;
using tiercache::ManualClock;

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
struct Boards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 3min};
};
using Cache = ManualCache<Cards, Boards>;

static_assert(std::is_same_v<decltype(std::declval<Cache&>().get<Cards>("a")), std::optional<std::string>>);
static_assert(
    std::is_same_v<decltype(std::declval<const Cache&>().peek<Cards>("a")), std::optional<CacheEntry<std::string>>>);

}  // namespace

TEST_CASE("get returns a copy of what is fresh, and nothing else") {
  ManualClock::reset();
  Cache cache;
  CHECK_FALSE(cache.get<Cards>("a"));
  cache.put<Cards>("a", "one");
  std::optional<std::string> copy = cache.get<Cards>("a");
  REQUIRE(copy == "one");
  *copy = "changed";
  CHECK(cache.get<Cards>("a") == "one");
  cache.put<Cards>("a", *cache.get<Cards>("a") + " more");
  CHECK(cache.get<Cards>("a") == "one more");
  ManualClock::advance(1min);
  CHECK_FALSE(cache.get<Cards>("a"));
}

TEST_CASE("What get returned outlives the entry and the cache") {
  ManualClock::reset();
  std::optional<std::string> copy;
  {
    Cache cache;
    cache.put<Cards>("a", std::string(100, 'x'));
    copy = cache.get<Cards>("a");
    cache.put<Cards>("a", "other");
    cache.clear();
  }
  CHECK(copy == std::string(100, 'x'));
}

TEST_CASE("Tiers of equal types keep their values apart") {
  ManualClock::reset();
  Cache cache;
  cache.put<Cards>("a", "card");
  CHECK_FALSE(cache.get<Boards>("a"));
  cache.put<Boards>("a", "board");
  CHECK(cache.get<Cards>("a") == "card");
  CHECK(cache.get<Boards>("a") == "board");
  CHECK(cache.invalidate<Cards>("a") == 1);
  CHECK(cache.get<Boards>("a") == "board");
  CHECK(cache.stats<Boards>().lookups == 3);
  CHECK(cache.stats<Cards>().lookups == 1);
}

TEST_CASE("Two caches of the same tiers share nothing") {
  ManualClock::reset();
  Cache first;
  Cache second;
  first.put<Cards>("a", "one");
  CHECK_FALSE(second.get<Cards>("a"));
  second.put<Cards>("a", "two");
  CHECK(first.get<Cards>("a") == "one");
}

TEST_CASE("peek shows the entry with its times, past its deadline too") {
  ManualClock::reset();
  Cache cache;
  CHECK_FALSE(cache.peek<Cards>("a"));
  const tiercache::TimePoint start = ManualClock::now();
  cache.put<Cards>("a", "one");
  ManualClock::advance(90s);
  const Cache& constant = cache;
  const auto entry = constant.peek<Cards>("a");
  REQUIRE(entry.has_value());
  CHECK(entry->value == "one");
  CHECK(entry->stored_at == start);
  CHECK(entry->ttl == 1min);
  CHECK(entry->age(ManualClock::now()) == 90s);
  CHECK_FALSE(entry->is_fresh(ManualClock::now()));
}

TEST_CASE("peek counts nothing") {
  ManualClock::reset();
  Cache cache;
  cache.put<Cards>("a", "one");
  const auto before = cache.stats();
  CHECK(cache.peek<Cards>("a"));
  CHECK_FALSE(cache.peek<Cards>("b"));
  CHECK(cache.stats() == before);
}

TEST_CASE("visit shows the fresh value in place and tells whether there was one") {
  ManualClock::reset();
  Cache cache;
  int calls = 0;
  const auto count = [&calls](const std::string&) { ++calls; };
  CHECK_FALSE(cache.visit<Cards>("a", count));
  cache.put<Cards>("a", "one");
  const std::string* first = nullptr;
  const std::string* second = nullptr;
  CHECK(cache.visit<Cards>("a", [&first](const std::string& value) { first = &value; }));
  CHECK(cache.visit<Cards>("a", [&second](const std::string& value) {
    second = &value;
    return "ignored";
  }));
  CHECK(first == second);
  ManualClock::advance(1min);
  CHECK_FALSE(cache.visit<Cards>("a", count));
  CHECK(calls == 0);
}

TEST_CASE("visit takes a function that can only be moved, and one that is called where it is") {
  struct Visitor {
    Visitor() = default;
    Visitor(const Visitor&) = delete;
    Visitor& operator=(const Visitor&) = delete;
    void operator()(const std::string& value) { seen = value; }
    std::string seen;
  };
  ManualClock::reset();
  Cache cache;
  cache.put<Cards>("a", "one");
  Visitor visitor;
  CHECK(cache.visit<Cards>("a", visitor));
  CHECK(visitor.seen == "one");
  CHECK(cache.visit<Cards>("a", Visitor()));
}

TEST_CASE("get and visit count a hit or a miss each, get_or_fetch too") {
  ManualClock::reset();
  Cache cache;
  cache.put<Cards>("a", "one");
  CHECK(cache.get<Cards>("a"));
  CHECK(cache.visit<Cards>("a", [](const std::string&) {}));
  CHECK(cache.get_or_fetch<Cards>("a", [] { return "two"; }).get() == "one");
  CHECK(cache.stats<Cards>().lookups == 3);
  CHECK(cache.stats<Cards>().hits == 3);
  CHECK_FALSE(cache.get<Cards>("b"));
  CHECK_FALSE(cache.visit<Cards>("b", [](const std::string&) {}));
  CHECK(cache.stats<Cards>().lookups_without_fetch == 2);
  CHECK(cache.get_or_fetch<Cards>("b", [] { return "two"; }).get() == "two");
  CHECK(cache.stats<Cards>().lookups_without_fetch == 2);
  CHECK(cache.stats<Cards>().fetches_led == 1);
  CHECK(cache.stats<Cards>().misses == 3);
  CHECK(cache.stats<Cards>().lookups == 6);
}
