#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "running.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
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
