#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"

#include <tiercache/tiercache.hpp>

#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ask;
using support::ManualFetch;
using support::Running;

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
struct Notes : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards, Notes>;

TEMPLATE_TEST_CASE("P1: all callers of a key share one fetch", "", support::Shared, support::Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  std::vector<Running<std::string>> callers;
  for (int i = 0; i < 10; ++i) callers.push_back(ask<Cards>(cache, "a", fetch));

  CHECK(fetch.started() == 1);
  CHECK(cache.template stats<Cards>().in_flight == 1);
  for (const auto& caller : callers) CHECK_FALSE(caller.is_done());

  fetch.complete("value");
  for (const auto& caller : callers) {
    REQUIRE(caller.is_done());
    CHECK(caller.get() == "value");
  }
  CHECK(cache.template stats<Cards>().in_flight == 0);
  CHECK(cache.template stats<Cards>().fetches_led == 1);
  CHECK(cache.template stats<Cards>().fetches_joined == 9);

  const auto later = ask<Cards>(cache, "a", fetch);
  REQUIRE(later.is_done());
  CHECK(later.get() == "value");
  CHECK(fetch.started() == 1);
}

TEMPLATE_TEST_CASE("P1: callers each bring their own fetcher, and only the first one's runs", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetches[3];
  std::vector<Running<std::string>> callers;
  for (auto& fetch : fetches) callers.push_back(ask<Cards>(cache, "a", fetch));
  CHECK(fetches[0].started() == 1);
  fetches[0].complete("first");
  for (const auto& caller : callers) CHECK(caller.get() == "first");
  CHECK(fetches[1].started() + fetches[2].started() == 0);
}

TEMPLATE_TEST_CASE("P1: keys and tiers do not wait for each other", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> card_a;
  ManualFetch<std::string> card_b;
  ManualFetch<std::string> note_a;
  const auto first = ask<Cards>(cache, "a", card_a);
  const auto second = ask<Cards>(cache, "b", card_b);
  const auto third = ask<Notes>(cache, "a", note_a);
  CHECK(card_a.started() == 1);
  CHECK(card_b.started() == 1);
  CHECK(note_a.started() == 1);

  note_a.complete("note a");
  card_b.complete("card b");
  CHECK_FALSE(first.is_done());
  CHECK(second.get() == "card b");
  CHECK(third.get() == "note a");
  card_a.complete("card a");
  CHECK(first.get() == "card a");
  CHECK(cache.template get<Cards>("a") == "card a");
  CHECK(cache.template get<Cards>("b") == "card b");
  CHECK(cache.template get<Notes>("a") == "note a");
}

TEMPLATE_TEST_CASE("P1: a fetch is published before it starts", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  std::uint64_t in_flight = 0;
  const auto fetch = [&] {
    in_flight = cache.template stats<Cards>().in_flight;
    return std::string("value");
  };
  CHECK(cache.template get_or_fetch<Cards>("a", fetch).get() == "value");
  CHECK(in_flight == 1);
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

TEMPLATE_TEST_CASE("P1: past the deadline there is one fetch again", "", support::Shared, support::Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  const auto before = ask<Cards>(cache, "a", fetch);
  fetch.complete("old");
  tiercache::ManualClock::advance(1min);

  const auto first = ask<Cards>(cache, "a", fetch);
  const auto second = ask<Cards>(cache, "a", fetch);
  CHECK(fetch.started() == 2);
  CHECK_FALSE(first.is_done());
  fetch.complete("new");
  CHECK(first.get() == "new");
  CHECK(second.get() == "new");
  CHECK(cache.template get<Cards>("a") == "new");
}

TEMPLATE_TEST_CASE("P1: a fetch that takes longer than its TTL is still shared, and its value not kept fresh", "",
                   support::Shared, support::Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  const auto first = ask<Cards>(cache, "a", fetch);
  tiercache::ManualClock::advance(2min);
  const auto second = ask<Cards>(cache, "a", fetch);
  CHECK(fetch.started() == 1);
  fetch.complete("late");
  CHECK(first.get() == "late");
  CHECK(second.get() == "late");
  CHECK_FALSE(cache.template get<Cards>("a"));
}

TEMPLATE_TEST_CASE("P1: a value that is not to be kept is shared by all who wait, and not asked for one by one", "",
                   support::Shared, support::Local) {
  using Entry = tiercache::CacheEntry<std::string>;
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  ManualFetch<Entry> fetch;
  const auto ask_all = [&] {
    std::vector<Running<std::string>> callers;
    for (int i = 0; i < 100; ++i) callers.push_back(ask<Cards>(cache, "a", fetch));
    return callers;
  };
  for (int round = 1; round <= 3; ++round) {
    const auto callers = ask_all();
    CHECK(fetch.started() == round);
    fetch.complete(Entry{.value = std::to_string(round), .ttl = 0s});
    int right = 0;
    for (const auto& caller : callers) right += caller.is_done() && caller.get() == std::to_string(round) ? 1 : 0;
    CHECK(right == 100);
    CHECK_FALSE(cache.template get<Cards>("a"));
  }
}

TEMPLATE_TEST_CASE("P1: many keys fetched at once leave nothing in flight behind", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  std::vector<Running<std::string>> callers;
  for (int i = 0; i < 1000; ++i) {
    callers.push_back(ask<Cards>(cache, std::to_string(i), fetch));
    callers.push_back(ask<Cards>(cache, std::to_string(i), fetch));
  }
  CHECK(fetch.started() == 1000);
  CHECK(cache.template stats<Cards>().in_flight == 1000);
  for (int i = 0; i < 1000; ++i) fetch.complete(std::to_string(i));
  CHECK(cache.template stats<Cards>().in_flight == 0);
  int right = 0;
  for (int i = 0; i < 2000; ++i) {
    right += callers[static_cast<std::size_t>(i)].get() == std::to_string(i / 2) ? 1 : 0;
  }
  CHECK(right == 2000);
}

}  // namespace
