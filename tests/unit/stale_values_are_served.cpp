#include "allocations.hpp"
#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "running.hpp"
#include "task.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

using namespace support;
using namespace std::chrono_literals;
using tiercache::ManualClock;

namespace {

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{
      .ttl = 60s, .stale_for = 30s, .stale_if_error = 100s, .retry_after = 5s, .capacity = 4};
};
struct Pages : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 60s, .stale_for = 30s, .not_found_ttl = 5s, .capacity = 4};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards, Pages>;

template <class T, class Config>
Running<std::string> ask_owned(Cache<Config>& cache, ManualFetch<std::string>& event) {
  const auto fetch = [&event] { return event(); };
  co_return co_await cache.template get_or_fetch<T>("a", tiercache::owned(fetch));
}

}  // namespace

TEMPLATE_TEST_CASE("stale_for: with an owned fetcher nobody waits for the one refresh", "", Shared, Local) {
  ManualClock::reset();
  Cache<TestType> cache;
  ManualFetch<std::string> event;
  cache.template put<Cards>("a", "old");
  ManualClock::advance(60s);
  CHECK_FALSE(cache.template get<Cards>("a"));
  CHECK(ask_owned<Cards>(cache, event).get() == "old");
  CHECK(ask_owned<Cards>(cache, event).get() == "old");
  CHECK(event.started() == 1);
  CHECK(cache.template stats<Cards>().stale_hits == 2);
  CHECK(cache.template stats<Cards>().hits == 2);
  CHECK(cache.template stats<Cards>().fetches_led == 0);
  CHECK(cache.template stats<Cards>().in_flight == 1);
  event.complete("new");
  CHECK(cache.template get<Cards>("a") == "new");
  CHECK(cache.template stats<Cards>().updates == 1);
  CHECK(cache.template stats<Cards>().expirations == 0);
}

TEST_CASE("stale_for: a refresh lands however slow it is, and counts from its start") {
  ManualClock::reset();
  Cache<Shared> cache;
  ManualFetch<std::string> event;
  cache.put<Cards>("a", "old");
  ManualClock::advance(70s);
  CHECK(ask_owned<Cards>(cache, event).get() == "old");
  ManualClock::advance(59s);
  event.complete("new");
  CHECK(cache.get<Cards>("a") == "new");
  ManualClock::advance(1s);
  CHECK_FALSE(cache.get<Cards>("a"));
  CHECK(ask_owned<Cards>(cache, event).get() == "new");
  event.drop();
}

TEST_CASE("stale_for: with a borrowed fetcher the first one refreshes and waits, the others are served") {
  ManualClock::reset();
  Cache<Shared> cache;
  ManualFetch<std::string> event;
  cache.put<Cards>("a", "old");
  ManualClock::advance(89s);
  const auto first = ask<Cards>(cache, "a", event);
  CHECK_FALSE(first.is_done());
  CHECK(ask<Cards>(cache, "a", event).get() == "old");
  CHECK(ask_owned<Cards>(cache, event).get() == "old");
  CHECK(event.started() == 1);
  CHECK(cache.stats<Cards>().misses == 1);
  CHECK(cache.stats<Cards>().stale_hits == 2);
  event.complete("new");
  CHECK(first.get() == "new");
  CHECK(ask<Cards>(cache, "a", event).get() == "new");
}

TEST_CASE("stale_for: those who read meanwhile do not cost the refresh") {
  ManualClock::reset();
  auto policy = Cards::policy;
  policy.idle_for = 1h;  // so that reading writes to the entry
  Cache<Shared> cache(tiercache::with<Cards>(policy));
  ManualFetch<std::string> event;
  cache.put<Cards>("a", "old");
  ManualClock::advance(60s);
  CHECK(ask_owned<Cards>(cache, event).get() == "old");
  for (int i = 0; i < 5; ++i) {
    ManualClock::advance(1s);
    CHECK(ask_owned<Cards>(cache, event).get() == "old");
    CHECK(ask<Cards>(cache, "a", event).get() == "old");
    CHECK_FALSE(cache.get<Cards>("a"));
    CHECK_FALSE(cache.visit<Cards>("a", [](const std::string&) {}));
    CHECK(cache.peek<Cards>("a")->value == "old");
  }
  event.complete("new");
  CHECK(event.started() == 1);
  CHECK(cache.get<Cards>("a") == "new");
  CHECK(cache.stats<Cards>().superseded == 0);
}

TEST_CASE("stale_for: a refresh uses what it owns, and nothing that its caller had") {
  ManualClock::reset();
  Cache<Shared> cache;
  ManualFetch<std::string> event;
  cache.put<Cards>("a", "old");
  ManualClock::advance(60s);
  // On the heap, so that a sanitizer sees a use after it is gone.
  const auto request = std::make_shared<const std::string>("a request too long for the string's own buffer");
  const auto ask_in_request = [](Cache<Shared>& from, ManualFetch<std::string>& by,
                                 std::shared_ptr<const std::string> its) -> Running<std::string> {
    const auto fetch = [&by, its](const std::string& key) -> Task<std::string> {
      std::string answer = key + " " + co_await by();
      co_return answer + " for " + *its;
    };
    co_return co_await from.get_or_fetch<Cards>("a", tiercache::owned(fetch));
  };
  CHECK(ask_in_request(cache, event, request).get() == "old");
  CHECK(request.use_count() == 2);  // ours and the refresh's: the caller is gone
  CHECK(event.running() == 1);
  event.complete("new");
  CHECK(request.use_count() == 1);
  CHECK(cache.get<Cards>("a") == "a new for " + *request);
  ManualClock::advance(60s);
  CHECK(ask_owned<Cards>(cache, event).get() == "a new for " + *request);
  event.complete("newer");
  CHECK(cache.get<Cards>("a") == "newer");
}

TEST_CASE("stale_for: past it, everybody waits") {
  ManualClock::reset();
  Cache<Shared> cache;
  ManualFetch<std::string> event;
  cache.put<Cards>("a", "old");
  ManualClock::advance(90s);
  const auto first = ask_owned<Cards>(cache, event);
  const auto second = ask<Cards>(cache, "a", event);
  CHECK_FALSE(first.is_done());
  CHECK_FALSE(second.is_done());
  event.complete("new");
  CHECK(first.get() == "new");
  CHECK(second.get() == "new");
  CHECK(cache.stats<Cards>().stale_hits == 0);
}

TEST_CASE("stale_for: a loader refreshes") {
  ManualClock::reset();
  Cache<Shared> cache;
  int loaded = 0;
  cache.set_loader<Cards>([&loaded] { return "loaded " + std::to_string(++loaded); });
  CHECK(cache.get_or_fetch<Cards>("a").get() == "loaded 1");
  ManualClock::advance(60s);
  CHECK(cache.get_or_fetch<Cards>("a").get() == "loaded 1");
  CHECK(cache.get_or_fetch<Cards>("a").get() == "loaded 2");
}

TEST_CASE("P4: an invalidation beats a refresh") {
  ManualClock::reset();
  Cache<Shared> cache;
  ManualFetch<std::string> event;
  cache.put<Cards>("a", "old");
  ManualClock::advance(60s);
  CHECK(ask_owned<Cards>(cache, event).get() == "old");
  SECTION("by key") {
    CHECK(cache.invalidate<Cards>("a") == 1);
    event.complete("refreshed too early");
    CHECK_FALSE(cache.peek<Cards>("a"));
  }
  SECTION("of its tier, by a predicate or of everything") {
    const int how = GENERATE(0, 1, 2);
    if (how == 0) cache.invalidate<Cards>();
    if (how == 1) cache.invalidate_if<Cards>([](const std::string&, const std::string&) { return false; });
    if (how == 2) cache.clear();
    event.complete("refreshed too early");
    CHECK(cache.peek<Cards>("a").has_value() == (how == 1));
    CHECK_FALSE(cache.get<Cards>("a"));
  }
  SECTION("of a key whose old value is gone already") {
    CHECK(cache.trim<Cards>(0) == 1);
    CHECK(cache.invalidate<Cards>("a") == 0);
    event.complete("refreshed too early");
    CHECK_FALSE(cache.peek<Cards>("a"));
  }
  SECTION("by put") {
    cache.put<Cards>("a", "put");
    event.complete("refreshed too early");
    CHECK(cache.get<Cards>("a") == "put");
  }
  SECTION("and a failure of it says nothing of what came after") {
    cache.invalidate<Cards>("a");
    const auto caller = ask<Cards>(cache, "a", event);
    event.fail(std::runtime_error("old"));
    CHECK_FALSE(caller.is_done());
    event.complete("new");
    CHECK(caller.get() == "new");
  }
}

TEST_CASE("stale_if_error: the old value is handed out in place of the error") {
  ManualClock::reset();
  Cache<Shared> cache;
  ManualFetch<std::string> event;
  cache.put<Cards>("a", "old");
  ManualClock::advance(90s);
  const auto first = ask<Cards>(cache, "a", event);
  const auto second = ask<Cards>(cache, "a", event);
  SECTION("while it is of use") {
    ManualClock::advance(99s);
    event.fail(std::runtime_error("no"));
    CHECK(first.get() == "old");
    CHECK(second.get() == "old");
  }
  SECTION("if the fetch is dropped, too") {
    event.drop();
    CHECK(first.get() == "old");
    CHECK(second.get() == "old");
  }
  SECTION("and no longer") {
    ManualClock::advance(100s);
    event.fail(std::runtime_error("no"));
    CHECK_THROWS_WITH(first.get(), "no");
    CHECK_THROWS_WITH(second.get(), "no");
  }
  CHECK(cache.stats<Cards>().fetch_failures == 1);
}

TEST_CASE("stale_if_error: a failure is no \"there is none\" that would hide the old value") {
  ManualClock::reset();
  auto policy = Cards::policy;
  policy.not_found_ttl = 1h;
  Cache<Shared> cache(tiercache::with<Cards>(policy));
  ManualFetch<std::optional<std::string>> event;
  cache.put<Cards>("a", "old");
  ManualClock::advance(90s);
  const auto first = ask<Cards>(cache, "a", event);
  event.fail(std::runtime_error("no"));
  CHECK(first.get() == "old");
  CHECK(ask<Cards>(cache, "a", event).get() == "old");
  ManualClock::advance(5s);
  const auto again = ask<Cards>(cache, "a", event);
  event.drop();
  CHECK(again.get() == "old");
  CHECK(cache.stats<Cards>().not_found_hits == 0);
}

TEST_CASE("stale_if_error: that there is none is not handed out in place of a failure") {
  ManualClock::reset();
  auto policy = Cards::policy;
  policy.not_found_ttl = 1h;
  Cache<Shared> cache(tiercache::with<Cards>(policy));
  const auto none = []() -> std::optional<std::string> { return std::nullopt; };
  const auto fail = []() -> std::string { throw std::runtime_error("no"); };
  CHECK(!cache.get_or_fetch<Cards>("a", none).get());
  CHECK_THROWS_WITH(cache.get_or_fetch<Cards>("a", fail).get(), "no");
}

TEST_CASE("P8: a value is of use for ever where the time for that is too long to count") {
  ManualClock::reset();
  constexpr auto most = (std::chrono::hours::max)();
  const bool is_for_errors = GENERATE(false, true);
  const tiercache::TierPolicy policy =
      is_for_errors ? tiercache::TierPolicy{.ttl = 60s, .stale_if_error = most, .retry_after = most}
                    : tiercache::TierPolicy{.ttl = 60s, .stale_for = most, .stale_if_error = most};
  Cache<Shared> cache(tiercache::with<Cards>(policy));
  const auto fail = []() -> std::string { throw std::runtime_error("no"); };
  cache.put<Cards>("a", "old");
  for (const int years : {1, 100, 100}) {
    ManualClock::advance(24h * 365 * years);
    CHECK(cache.get_or_fetch<Cards>("a", tiercache::owned(fail)).get() == "old");
    CHECK_FALSE(cache.get<Cards>("a"));
  }
  CHECK(cache.purge_expired() == 0);
  CHECK(cache.stats<Cards>().fetch_failures == (is_for_errors ? 1 : 3));
}

TEST_CASE("retry_after: no new fetch is tried for so long, counted from the end of the failure") {
  ManualClock::reset();
  Cache<Shared> cache;
  ManualFetch<std::string> event;
  cache.put<Cards>("a", "old");
  ManualClock::advance(90s);
  const auto first = ask<Cards>(cache, "a", event);
  ManualClock::advance(10s);
  event.fail(std::runtime_error("no"));
  CHECK(first.get() == "old");
  ManualClock::advance(4999ms);
  CHECK(ask<Cards>(cache, "a", event).get() == "old");
  CHECK(ask_owned<Cards>(cache, event).get() == "old");
  CHECK(event.started() == 1);
  CHECK(cache.stats<Cards>().stale_hits == 2);
  ManualClock::advance(1ms);
  const auto again = ask<Cards>(cache, "a", event);
  CHECK_FALSE(again.is_done());
  CHECK(event.started() == 2);
  event.complete("new");
  CHECK(again.get() == "new");
  ManualClock::advance(60s);
  CHECK(ask_owned<Cards>(cache, event).get() == "new");
  CHECK(event.started() == 3);
  event.drop();
}

TEST_CASE("retry_after: what is stored after a failure waits for nothing, before the clock's epoch too") {
  struct EarlyClock {
    static tiercache::TimePoint now() { return tiercache::TimePoint(ManualClock::now() - 1'000h); }
  };
  struct Early {
    using clock = EarlyClock;
    using threading = tiercache::SingleThreaded;
  };
  ManualClock::reset();
  Cache<Early> cache;
  ManualFetch<std::string> event;
  cache.put<Cards>("a", "old");
  ManualClock::advance(60s);
  const auto first = ask<Cards>(cache, "a", event);
  event.fail(std::runtime_error("no"));
  CHECK(first.get() == "old");
  ManualClock::advance(5s);
  cache.put<Cards>("a", "older", 0s);
  const auto second = ask<Cards>(cache, "a", event);
  CHECK_FALSE(second.is_done());
  event.complete("new");
  CHECK(second.get() == "new");
}

TEST_CASE("a refresh that fails leaves the entry its life") {
  ManualClock::reset();
  Cache<Shared> cache;
  ManualFetch<std::string> event;
  cache.put<Cards>("a", "old");
  ManualClock::advance(60s);
  CHECK(ask_owned<Cards>(cache, event).get() == "old");
  event.fail(std::runtime_error("no"));
  CHECK(cache.stats<Cards>().fetch_failures == 1);
  ManualClock::advance(5s);
  CHECK(ask_owned<Cards>(cache, event).get() == "old");
  CHECK(event.started() == 2);
  event.fail(std::runtime_error("no"));
  ManualClock::advance(24s);
  CHECK(ask_owned<Cards>(cache, event).get() == "old");
  CHECK(event.started() == 3);
  CHECK(cache.peek<Cards>("a")->value == "old");
  event.drop();
}

TEST_CASE("an entry is not dropped while it is of use, and is dropped after") {
  ManualClock::reset();
  Cache<Shared> cache;
  cache.put<Cards>("a", "old");
  ManualClock::advance(60s + 30s + 100s - 1ms);
  CHECK(cache.purge_expired<Cards>() == 0);
  CHECK(cache.size<Cards>() == 1);
  ManualClock::advance(1ms);
  CHECK(cache.purge_expired<Cards>() == 1);
  CHECK(cache.stats<Cards>().expirations == 1);
}

TEST_CASE("a real not-found replaces a stale value, and is not stale itself") {
  ManualClock::reset();
  Cache<Shared> cache;
  cache.put<Pages>("a", "old");
  ManualClock::advance(60s);
  int asked = 0;
  const auto none = [&asked]() -> std::optional<std::string> {
    ++asked;
    return std::nullopt;
  };
  CHECK_FALSE(cache.get_or_fetch<Pages>("a", none).get());
  CHECK_FALSE(cache.get_or_fetch<Pages>("a", none).get());
  CHECK(asked == 1);
  ManualClock::advance(5s);
  CHECK_FALSE(cache.get_or_fetch<Pages>("a", none).get());
  CHECK(asked == 2);
}

TEST_CASE("max_age refuses what is stale and too old") {
  ManualClock::reset();
  Cache<Shared> cache;
  cache.put<Cards>("a", "old");
  ManualClock::advance(60s);
  const auto fetch = [] { return std::string("new"); };
  CHECK(cache.get_or_fetch<Cards>("a", tiercache::owned(fetch)).max_age(60s).get() == "new");
}

TEST_CASE("stale_for: a refresh for which there is no memory leaves the old value to everybody") {
  ManualClock::reset();
  Cache<Shared> cache;
  const std::string key = "a key too long for the string's own buffer";
  std::ptrdiff_t succeed = 0;
  for (bool has_failed = true; has_failed; ++succeed) {
    REQUIRE(succeed < 100);
    cache.clear();
    cache.put<Cards>(key, "old");
    ManualClock::advance(60s);
    const auto fetch = [] { return std::string("new"); };
    std::string answer;
    {
      const FailingAllocation failing(succeed);
      answer = cache.get_or_fetch<Cards>(key, tiercache::owned(fetch)).get();
      has_failed = FailingAllocation::has_failed();
    }
    CHECK(answer == "old");
    CHECK(cache.stats<Cards>().in_flight == 0);
    if (!has_failed) CHECK(cache.get<Cards>(key) == "new");
  }
  CHECK(succeed > 1);
  CHECK(cache.stats<Cards>().stale_hits == static_cast<std::uint64_t>(succeed));
}

namespace {

struct KeyThatMayThrow {
  KeyThatMayThrow(int its_number) : number(its_number) {}
  KeyThatMayThrow(const KeyThatMayThrow& other) : number(other.number) {
    if (throws) throw std::runtime_error("no copy");
  }
  KeyThatMayThrow& operator=(const KeyThatMayThrow&) = default;
  ~KeyThatMayThrow() = default;
  bool operator==(const KeyThatMayThrow&) const = default;
  static inline bool throws = false;
  int number;
};
struct HashOfKey {
  std::size_t operator()(const KeyThatMayThrow& key) const { return std::hash<int>()(key.number); }
};
struct Fragile : tiercache::Tier<KeyThatMayThrow, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 60s, .stale_for = 30s};
  using hash = HashOfKey;
};

}  // namespace

TEST_CASE("stale_for: a refresh whose key can never be copied leaves the old value to everybody") {
  ManualClock::reset();
  tiercache::BasicTieredCache<Shared, Fragile> cache;
  const KeyThatMayThrow key(7);
  cache.put<Fragile>(key, "old");
  ManualClock::advance(60s);
  const auto fetch = [] { return std::string("new"); };
  KeyThatMayThrow::throws = true;
  const std::string answer = cache.get_or_fetch<Fragile>(key, tiercache::owned(fetch)).get();
  KeyThatMayThrow::throws = false;
  CHECK(answer == "old");
  CHECK(cache.stats<Fragile>().in_flight == 0);
}
