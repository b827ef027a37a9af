#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "running.hpp"
#include "task.hpp"

#include <tiercache/tiercache.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace support;
using namespace std::chrono_literals;
using tiercache::ManualClock;

namespace {

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 60s, .not_found_ttl = 60s, .capacity = 100};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards>;

using Keys = std::vector<std::string>;
using Map = std::map<std::string, std::string>;
using Results = std::vector<std::optional<std::string>>;

/// Answers with "value of k" for every key, but for one that is called "none", and notes what it was asked for.
struct Server {
  std::vector<Keys> asked;

  Map operator()(std::span<const std::string> missing) {
    asked.emplace_back(missing.begin(), missing.end());
    Map found;
    for (const std::string& key : missing) {
      if (key != "none") found[key] = "value of " + key;
    }
    return found;
  }
};

/// A server whose answers come when the test says.
template <class Answers>
class ManualServer {
 public:
  Task<Answers> operator()(std::span<const std::string> missing) {
    asked.emplace_back(missing.begin(), missing.end());
    co_return co_await event();
  }
  ManualFetch<Answers> event;
  std::vector<Keys> asked;
};

template <class Cache, class F>
Running<Results> ask_many(Cache& cache, Keys keys, F& fetcher) {
  co_return co_await cache.template get_or_fetch_many<Cards>(keys, fetcher);
}

template <class Cache>
void check_sums(const Cache& cache) {
  const auto stats = cache.template stats<Cards>();
  CHECK(stats.lookups == stats.hits + stats.misses);
  CHECK(stats.misses == stats.fetches_led + stats.fetches_joined + stats.lookups_without_fetch);
  CHECK(stats.inserts - stats.evictions - stats.expirations - stats.invalidations == stats.entries);
  CHECK(stats.in_flight == 0);
}

}  // namespace

TEMPLATE_TEST_CASE("get_or_fetch_many: one call for what is missing, a result per key in the order asked", "", Shared,
                   Local) {
  ManualClock::reset();
  Cache<TestType> cache;
  Server server;
  cache.template put<Cards>("b", "held");
  const Keys keys{"a", "b", "none", "c"};
  CHECK(cache.template get_or_fetch_many<Cards>(keys, server).get() ==
        Results{"value of a", "held", std::nullopt, "value of c"});
  CHECK(server.asked == std::vector<Keys>{{"a", "none", "c"}});
  // All of it is remembered, what there is not as well.
  CHECK(cache.template get_or_fetch_many<Cards>(keys, server).get() ==
        Results{"value of a", "held", std::nullopt, "value of c"});
  CHECK(server.asked.size() == 1);
  CHECK(cache.template get<Cards>("c") == "value of c");
  const auto stats = cache.template stats<Cards>();
  CHECK(stats.hits == 6);
  CHECK(stats.not_found_hits == 1);
  CHECK(stats.fetches_led == 3);
  check_sums(cache);
}

TEST_CASE("get_or_fetch_many: duplicate keys are asked for once, and no keys not at all") {
  Cache<Shared> cache;
  Server server;
  const Keys keys{"a", "b", "a", "a"};
  CHECK(cache.get_or_fetch_many<Cards>(keys, server).get() ==
        Results{"value of a", "value of b", "value of a", "value of a"});
  CHECK(server.asked == std::vector<Keys>{{"a", "b"}});
  CHECK(cache.get_or_fetch_many<Cards>(Keys(), server).get().empty());
  CHECK(server.asked.size() == 1);
  CHECK(cache.stats<Cards>().fetches_joined == 2);
  check_sums(cache);
}

TEST_CASE("get_or_fetch_many: every form of answer") {
  ManualClock::reset();
  Cache<Shared> cache;
  const std::array<std::string_view, 2> keys{"a", "b"};
  SECTION("a vector in the order of the keys") {
    const auto fetch = [](const Keys&) { return std::vector<std::string>{"1", "2"}; };
    CHECK(cache.get_or_fetch_many<Cards>(keys, fetch).get() == Results{"1", "2"});
  }
  SECTION("a vector with what there is not") {
    const auto fetch = [](const Keys&) { return Results{std::nullopt, "2"}; };
    CHECK(cache.get_or_fetch_many<Cards>(keys, fetch).get() == Results{std::nullopt, "2"});
    CHECK(cache.stats<Cards>().entries == 2);
  }
  SECTION("what converts to values") {
    const auto fetch = [](const Keys&) { return std::array<const char*, 2>{"1", "2"}; };
    CHECK(cache.get_or_fetch_many<Cards>(keys, fetch).get() == Results{"1", "2"});
  }
  SECTION("pairs in any order, with keys of another type") {
    const auto fetch = [](const Keys&) {
      return std::vector<std::pair<std::string_view, std::string>>{{"b", "2"}, {"a", "1"}};
    };
    CHECK(cache.get_or_fetch_many<Cards>(keys, fetch).get() == Results{"1", "2"});
  }
  SECTION("pairs of which one comes twice: the first one counts") {
    const auto fetch = [](const Keys&) {
      return std::vector<std::pair<std::string, std::string>>{{"b", "2"}, {"a", "1"}, {"b", "3"}};
    };
    CHECK(cache.get_or_fetch_many<Cards>(keys, fetch).get() == Results{"1", "2"});
  }
  SECTION("entries with a TTL of their own") {
    const auto fetch = [](const Keys&) {
      return std::map<std::string, tiercache::CacheEntry<std::string>>{{"a", {.value = "1", .ttl = 5s}}};
    };
    CHECK(cache.get_or_fetch_many<Cards>(keys, fetch).get() == Results{"1", std::nullopt});
    CHECK(cache.peek<Cards>("a")->ttl == tiercache::Ttl(5s));
  }
  SECTION("a range that somebody else has, whose values are copied") {
    std::vector<std::string> values{"1", "2"};
    const auto by_reference = [&values](const Keys&) -> std::vector<std::string>& { return values; };
    CHECK(cache.get_or_fetch_many<Cards>(keys, by_reference).get() == Results{"1", "2"});
    cache.clear();
    const auto by_view = [&values](const Keys&) { return std::span<std::string>(values); };
    CHECK(cache.get_or_fetch_many<Cards>(keys, by_view).get() == Results{"1", "2"});
    CHECK(values == std::vector<std::string>{"1", "2"});
  }
  SECTION("awaited") {
    const auto fetch = [](std::span<const std::string> missing) -> Task<Map> {
      co_return Map{{missing[0], "1"}, {missing[1], "2"}};
    };
    CHECK(cache.get_or_fetch_many<Cards>(keys, fetch).get() == Results{"1", "2"});
  }
  check_sums(cache);
}

TEST_CASE("get_or_fetch_many: too few or too many answers are an error to all") {
  Cache<Shared> cache;
  const Keys keys{"a", "b"};
  const std::size_t count = GENERATE(0U, 1U, 3U);
  const auto fetch = [count](const Keys&) { return std::vector<std::string>(count, "value"); };
  CHECK_THROWS_AS(cache.get_or_fetch_many<Cards>(keys, fetch).get(), std::invalid_argument);
  CHECK(cache.size<Cards>() == 0);
  CHECK(cache.stats<Cards>().fetch_failures == 2);
  check_sums(cache);
}

TEMPLATE_TEST_CASE("get_or_fetch_many: a failure is everybody's, and nothing is stored", "", Shared, Local) {
  Cache<TestType> cache;
  const Keys keys{"a", "b"};
  const auto fail = [](const Keys&) -> Map { throw std::runtime_error("no"); };
  CHECK_THROWS_WITH(cache.template get_or_fetch_many<Cards>(keys, fail).get(), "no");
  ManualServer<Map> server;
  ManualFetch<std::string> single;
  const auto many = ask_many(cache, keys, server);
  const auto one = ask<Cards>(cache, "b", single);
  server.event.fail(std::runtime_error("later"));
  CHECK_THROWS_WITH(many.get(), "later");
  CHECK_THROWS_WITH(one.get(), "later");
  CHECK(single.started() == 0);
  CHECK(cache.template size<Cards>() == 0);
  check_sums(cache);
}

TEMPLATE_TEST_CASE("get_or_fetch_many: joins the fetches of others, and they join its", "", Shared, Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> single;
  ManualServer<Map> first_server;
  ManualServer<Map> second_server;
  const auto one = ask<Cards>(cache, "a", single);
  const auto first = ask_many(cache, {"a", "b", "c"}, first_server);
  const auto second = ask_many(cache, {"c", "d", "a"}, second_server);
  const auto other = ask<Cards>(cache, "d", single);
  CHECK(first_server.asked == std::vector<Keys>{{"b", "c"}});
  CHECK(second_server.asked == std::vector<Keys>{{"d"}});
  CHECK(single.started() == 1);
  CHECK(cache.template stats<Cards>().in_flight == 4);
  second_server.event.complete(Map{{"d", "D"}});
  CHECK(other.get() == "D");
  CHECK(!second.is_done());
  first_server.event.complete(Map{{"b", "B"}, {"c", "C"}});
  CHECK(!first.is_done());
  CHECK(!second.is_done());
  single.complete("A");
  CHECK(one.get() == "A");
  CHECK(first.get() == Results{"A", "B", "C"});
  CHECK(second.get() == Results{"C", "D", "A"});
  check_sums(cache);
}

TEST_CASE("get_or_fetch_many: what was not asked for is stored, unless something came in between") {
  ManualClock::reset();
  Cache<Shared> cache;
  ManualServer<Map> server;
  cache.put<Cards>("older", "old");
  ManualClock::advance(1s);
  const auto many = ask_many(cache, {"a"}, server);
  ManualFetch<std::string> single;
  const auto fetching = ask<Cards>(cache, "fetching", single);
  ManualClock::advance(1s);
  cache.put<Cards>("newer", "put");
  SECTION("each by itself") {
    cache.invalidate<Cards>("gone");
    server.event.complete(
        Map{{"a", "A"}, {"b", "B"}, {"older", "new"}, {"newer", "X"}, {"gone", "X"}, {"fetching", "X"}});
    CHECK(many.get() == Results{"A"});
    CHECK(cache.get<Cards>("b") == "B");
    CHECK(cache.get<Cards>("older") == "new");
    CHECK(cache.get<Cards>("newer") == "put");
    CHECK(!cache.get<Cards>("gone"));
    CHECK(!cache.get<Cards>("fetching"));
    CHECK(cache.peek<Cards>("b")->stored_at == ManualClock::now() - 1s);
  }
  SECTION("an invalidation of all") {
    cache.invalidate<Cards>();
    server.event.complete(Map{{"a", "A"}, {"b", "B"}});
    CHECK(many.get() == Results{"A"});
    CHECK(cache.size<Cards>() == 0);
  }
  single.complete("fetched");
  CHECK(fetching.get() == "fetched");
  check_sums(cache);
}

TEST_CASE("P4: what is invalidated while it is fetched with others is not stored; they are") {
  Cache<Shared> cache;
  ManualServer<Map> server;
  const auto many = ask_many(cache, {"a", "b"}, server);
  cache.invalidate<Cards>("a");
  server.event.complete(Map{{"a", "A"}, {"b", "B"}});
  CHECK(many.get() == Results{"A", "B"});
  CHECK(!cache.get<Cards>("a"));
  CHECK(cache.get<Cards>("b") == "B");
  CHECK(cache.stats<Cards>().superseded == 1);
  check_sums(cache);
}

TEMPLATE_TEST_CASE("P5: a bulk fetch goes with its caller, and those who wait fetch for themselves", "", Shared,
                   Local) {
  Cache<TestType> cache;
  ManualServer<Map> server;
  ManualServer<Map> next_server;
  ManualFetch<std::string> single;
  auto leader = ask_many(cache, {"a", "b", "c"}, server);
  const auto one = ask<Cards>(cache, "b", single);
  const auto next = ask_many(cache, {"c", "a"}, next_server);
  CHECK(next_server.asked.empty());
  leader.leave();
  CHECK(server.event.destroyed() == 1);
  CHECK(single.running() == 1);
  single.complete("B");
  CHECK(one.get() == "B");
  // One after the other was passed on.
  CHECK(next_server.asked == std::vector<Keys>{{"a"}, {"c"}});
  next_server.event.complete(Map{{"a", "A"}});
  CHECK(!next.is_done());
  next_server.event.complete(Map{{"c", "C"}});
  CHECK(next.get() == Results{"C", "A"});
  check_sums(cache);
}

TEST_CASE("P5: an owned bulk fetch runs to its end") {
  Cache<Shared> cache;
  ManualServer<Map> server;
  const auto fetch = [&server](std::span<const std::string> missing) { return server(missing); };
  const auto ask_owned = [&]() -> Running<Results> {
    const Keys keys{"a", "b"};
    co_return co_await cache.get_or_fetch_many<Cards>(keys, tiercache::owned(fetch));
  };
  auto leader = ask_owned();
  leader.leave();
  CHECK(server.event.running() == 1);
  server.event.complete(Map{{"a", "A"}, {"b", "B"}});
  CHECK(cache.get<Cards>("a") == "A");
  CHECK(cache.get<Cards>("b") == "B");
  check_sums(cache);
}

TEST_CASE("P5: a waiter that leaves, and a bulk fetch that is dropped") {
  Cache<Shared> cache;
  ManualFetch<Map> event;
  const auto fetch = [&event](std::span<const std::string>) { return event(); };
  const auto waiting = ask_many(cache, {"a", "b"}, fetch);
  auto joined = ask_many(cache, {"b", "a"}, fetch);
  joined.leave();
  CHECK(event.running() == 1);
  event.drop();
  CHECK_THROWS_AS(waiting.get(), tiercache::fetch_abandoned);
  check_sums(cache);
}

TEST_CASE("P12: the cache may be destroyed while many keys are fetched") {
  ManualServer<Map> server;
  std::optional<Cache<Shared>> cache(std::in_place);
  const auto many = ask_many(*cache, {"a", "b"}, server);
  cache.reset();
  server.event.complete(Map{{"a", "A"}, {"extra", "E"}});
  CHECK(many.get() == Results{"A", std::nullopt});
}

TEST_CASE("P10: a bulk fetch that asks for a key of its own gets an error") {
  Cache<Shared> cache;
  const Keys keys{"a", "b"};
  const auto fetch = [&cache](const Keys& missing) {
    Map answers;
    for (const std::string& key : missing) {
      answers[key] = cache.get_or_fetch<Cards>("b", [] { return std::string("inner"); }).get();
    }
    return answers;
  };
  CHECK_THROWS_AS(cache.get_or_fetch_many<Cards>(keys, fetch).get(), tiercache::recursive_fetch);
  const auto many_in_one = [&] { return *cache.get_or_fetch_many<Cards>(keys, fetch).get().front(); };
  CHECK_THROWS_AS(cache.get_or_fetch<Cards>("b", many_in_one).get(), tiercache::recursive_fetch);
  check_sums(cache);
}

TEST_CASE("get_or_fetch_many: what is stale is served while it is fetched anew") {
  ManualClock::reset();
  Cache<Shared> cache(tiercache::with<Cards>({.ttl = 60s, .stale_for = 60s, .capacity = 100}));
  cache.put<Cards>("a", "old");
  cache.put<Cards>("b", "old");
  ManualClock::advance(60s);
  ManualServer<Map> server;
  const auto fetch = [&server](std::span<const std::string> missing) { return server(missing); };
  SECTION("owned: nobody waits") {
    const Keys keys{"a", "b"};
    CHECK(cache.get_or_fetch_many<Cards>(keys, tiercache::owned(fetch)).get() == Results{"old", "old"});
    CHECK(server.asked == std::vector<Keys>{{"a", "b"}});
    CHECK(cache.stats<Cards>().stale_hits == 2);
  }
  SECTION("borrowed: the first one waits") {
    const auto many = ask_many(cache, {"a"}, server);
    const auto other = ask_many(cache, {"a"}, server);
    CHECK(other.get() == Results{"old"});
    CHECK(!many.is_done());
    server.event.complete(Map{{"a", "new"}});
    CHECK(many.get() == Results{"new"});
    return;
  }
  server.event.complete(Map{{"a", "new"}, {"b", "new"}});
  CHECK(cache.get<Cards>("b") == "new");
  check_sums(cache);
}

TEST_CASE("get_or_fetch_many: what is stale is the answer, though it is fetched anew with what is missing") {
  ManualClock::reset();
  Cache<Shared> cache(tiercache::with<Cards>({.ttl = 60s, .stale_for = 60s, .capacity = 100}));
  cache.put<Cards>("a", "old");
  ManualClock::advance(60s);
  const Keys keys{"a", "b"};
  SECTION("and there is a new one") {
    const auto fetch = [](const Keys&) { return Map{{"a", "new"}, {"b", "new"}}; };
    CHECK(cache.get_or_fetch_many<Cards>(keys, tiercache::owned(fetch)).get() == Results{"old", "new"});
    CHECK(cache.get<Cards>("a") == "new");
  }
  SECTION("and there is none any more") {
    const auto fetch = [](const Keys&) { return Map{{"b", "new"}}; };
    CHECK(cache.get_or_fetch_many<Cards>(keys, tiercache::owned(fetch)).get() == Results{"old", "new"});
    CHECK(!cache.get<Cards>("a"));
  }
  check_sums(cache);
}

TEST_CASE("get_or_fetch_many: stale_if_error hands out what there is, key by key") {
  ManualClock::reset();
  Cache<Shared> cache(tiercache::with<Cards>({.ttl = 60s, .stale_if_error = 60s, .capacity = 100}));
  cache.put<Cards>("a", "old");
  ManualClock::advance(60s);
  const auto fail = [](const Keys&) -> Map { throw std::runtime_error("no"); };
  CHECK(cache.get_or_fetch_many<Cards>(Keys{"a"}, fail).get() == Results{"old"});
  CHECK_THROWS_WITH(cache.get_or_fetch_many<Cards>(Keys{"a", "b"}, fail).get(), "no");
}

TEST_CASE("get_or_fetch_many: max_age, and an executor") {
  ManualClock::reset();
  Cache<Shared> cache;
  Server server;
  cache.put<Cards>("a", "old");
  ManualClock::advance(2s);
  cache.put<Cards>("b", "young");
  const Keys keys{"a", "b"};
  CHECK(cache.get_or_fetch_many<Cards>(keys, server).max_age(1s).get() == Results{"value of a", "young"});
  CHECK(server.asked == std::vector<Keys>{{"a"}});

  ManualServer<Map> later;
  std::vector<std::function<void()>> jobs;
  const auto post = [&jobs](auto job) { jobs.emplace_back(std::move(job)); };
  const auto ask_posted = [&]() -> Running<Results> {
    const Keys more{"c", "d"};
    co_return co_await cache.get_or_fetch_many<Cards>(more, later).resume_on(post);
  };
  auto many = ask_posted();
  later.event.complete(Map{{"c", "C"}, {"d", "D"}});
  CHECK(!many.is_done());
  REQUIRE(jobs.size() == 1);
  SECTION("that runs the job") {
    jobs[0]();
    CHECK(many.get() == Results{"C", "D"});
  }
  SECTION("that drops the job") {
    jobs.clear();
    CHECK(many.get() == Results{"C", "D"});
  }
  SECTION("after the caller has left") {
    many.leave();
    jobs[0]();
  }
  check_sums(cache);
}

TEST_CASE("get_or_fetch_many: a lookup that has not started can be moved") {
  Cache<Shared> cache;
  const auto fetch = [](std::span<const std::string> missing) {
    return std::vector<std::string>(missing.begin(), missing.end());
  };
  auto lookup = cache.get_or_fetch_many<Cards>(std::vector<std::string>{"a", "b"}, fetch);
  auto moved = std::move(lookup);
  CHECK(moved.get().at(1) == "b");
}
