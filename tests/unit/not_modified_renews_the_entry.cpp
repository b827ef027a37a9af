#include "allocations.hpp"
#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "running.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

using namespace support;
using namespace std::chrono_literals;
using tiercache::ManualClock;
using tiercache::Refetched;

namespace {

struct Card {
  std::string text;
  std::string etag;
};
using Old = const tiercache::CacheEntry<Card>*;

struct Cards : tiercache::Tier<std::string, Card> {
  static constexpr tiercache::TierPolicy policy{.ttl = 60s, .not_found_ttl = 60s, .capacity = 4};
  using eviction = tiercache::OldestFirst;
};
struct Front : tiercache::Tier<tiercache::Unkeyed, Card> {
  static constexpr tiercache::TierPolicy policy{.ttl = 60s};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards, Front>;

/// A server whose card has one tag until it changes.
struct Server {
  Card card{"text", "1"};
  int sent = 0;
  int unmodified = 0;

  Refetched<Card> operator()(const std::string&, Old old) {
    if (old != nullptr && old->value.etag == card.etag) {
      ++unmodified;
      return tiercache::not_modified;
    }
    ++sent;
    return card;
  }
};

}  // namespace

TEMPLATE_TEST_CASE("not_modified: the entry lives anew from the start of the fetch, and is what it was", "", Shared,
                   Local) {
  ManualClock::reset();
  Cache<TestType> cache;
  Server server;
  int removed = 0;
  cache.template on_removal<Cards>([&removed](auto&&...) { ++removed; });
  const Card* first = nullptr;
  const Card* second = nullptr;
  CHECK(cache.template get_or_fetch<Cards>("a", server).get().text == "text");
  cache.template visit<Cards>("a", [&first](const Card& card) { first = &card; });
  ManualClock::advance(60s);
  CHECK(!cache.template get<Cards>("a"));
  CHECK(cache.template get_or_fetch<Cards>("a", server).get().text == "text");
  CHECK(server.sent == 1);
  CHECK(server.unmodified == 1);
  cache.template visit<Cards>("a", [&second](const Card& card) { second = &card; });
  CHECK(first != nullptr);
  CHECK(first == second);
  ManualClock::advance(60s - 1ns);
  CHECK(cache.template get<Cards>("a"));
  ManualClock::advance(1ns);
  CHECK(!cache.template get<Cards>("a"));
  CHECK(removed == 0);
  const auto stats = cache.template stats<Cards>();
  CHECK(stats.inserts == 1);
  CHECK(stats.updates == 1);
  CHECK(stats.expirations == 0);
  CHECK(stats.fetch_failures == 0);

  server.card = {"new", "2"};
  CHECK(cache.template get_or_fetch<Cards>("a", server).get().text == "new");
  CHECK(cache.template get<Cards>("a")->text == "new");
}

TEST_CASE("not_modified: its TTL is its own still, or the one that it is given") {
  ManualClock::reset();
  Cache<Shared> cache;
  cache.put<Cards>("a", Card{"text", "1"}, 5s);
  const auto same = [](const std::string&, Old) -> Refetched<Card> { return tiercache::not_modified; };
  ManualClock::advance(5s);
  CHECK(cache.get_or_fetch<Cards>("a", same).get().text == "text");
  CHECK(cache.peek<Cards>("a")->ttl == tiercache::Ttl(5s));
  const auto longer = [](const std::string&, Old) -> Refetched<Card> { return tiercache::NotModified{.ttl = 90s}; };
  ManualClock::advance(5s);
  CHECK(cache.get_or_fetch<Cards>("a", longer).get().text == "text");
  CHECK(cache.peek<Cards>("a")->ttl == tiercache::Ttl(90s));
  CHECK(cache.peek<Cards>("a")->stored_at == ManualClock::now());
}

TEST_CASE("not_modified: the fetcher sees the entry with its times, and none where there is none") {
  ManualClock::reset();
  Cache<Shared> cache;
  std::vector<std::optional<tiercache::CacheEntry<Card>>> seen;
  const auto look = [&seen](const std::string&, Old old) {
    seen.push_back(old != nullptr ? std::optional(*old) : std::nullopt);
    return Card{"new", "2"};
  };
  const auto put_at = ManualClock::now();
  CHECK(cache.get_or_fetch<Cards>("a", look).get().text == "new");
  cache.put<Cards>("b", Card{"old", "1"});
  ManualClock::advance(100s);
  CHECK(cache.get_or_fetch<Cards>("b", look).get().text == "new");
  cache.invalidate<Cards>("b");
  CHECK(cache.get_or_fetch<Cards>("b", look).get().text == "new");
  REQUIRE(seen.size() == 3);
  CHECK(!seen[0]);
  REQUIRE(seen[1]);
  CHECK(seen[1]->value.etag == "1");
  CHECK(seen[1]->stored_at == put_at);
  CHECK(seen[1]->expires_at() == put_at + 60s);
  CHECK(!seen[2]);
}

TEST_CASE("not_modified: of what is known not to exist there is no entry to show") {
  ManualClock::reset();
  Cache<Shared> cache(tiercache::with<Cards>({.ttl = 60s, .not_found_ttl = 60s}));
  CHECK(!cache.get_or_fetch<Cards>("a", []() -> std::optional<Card> { return std::nullopt; }).get());
  bool is_shown = true;
  const auto look = [&is_shown](const std::string&, Old old) {
    is_shown = old != nullptr;
    return Card{"new", "2"};
  };
  CHECK(cache.get_or_fetch<Cards>("a", look).get().text == "new");
  CHECK(!is_shown);
}

TEST_CASE("not_modified: said of nothing it is an error, to all who wait") {
  Cache<Shared> cache;
  const auto same = [](const std::string&, Old) -> Refetched<Card> { return tiercache::not_modified; };
  CHECK_THROWS_AS(cache.get_or_fetch<Cards>("a", same).get(), std::invalid_argument);
  CHECK(cache.stats<Cards>().fetch_failures == 1);
  CHECK(cache.size<Cards>() == 0);
}

TEST_CASE("P4: not_modified brings nothing back that was invalidated meanwhile") {
  ManualClock::reset();
  Cache<Shared> cache;
  ManualFetch<Refetched<Card>> event;
  const auto fetch = [&event](const std::string&, Old) { return event(); };
  cache.put<Cards>("a", Card{"text", "1"});
  ManualClock::advance(60s);
  const auto leader = ask<Cards>(cache, "a", fetch);
  const auto waiter = ask<Cards>(cache, "a", fetch);
  SECTION("invalidated") {
    CHECK(cache.invalidate<Cards>("a") == 1);
    event.complete(tiercache::not_modified);
    CHECK(!cache.peek<Cards>("a"));
    CHECK(cache.stats<Cards>().superseded == 1);
  }
  SECTION("written") {
    cache.put<Cards>("a", Card{"written", "2"});
    event.complete(tiercache::not_modified);
    CHECK(cache.get<Cards>("a")->text == "written");
  }
  SECTION("evicted: that is no reason not to keep it") {
    CHECK(cache.trim<Cards>(0) == 1);
    event.complete(tiercache::not_modified);
    CHECK(cache.get<Cards>("a")->text == "text");
    CHECK(cache.stats<Cards>().inserts == 2);
  }
  CHECK(leader.get().text == "text");
  CHECK(waiter.get().text == "text");
}

TEST_CASE("not_modified: the next one who leads is shown the entry as well") {
  ManualClock::reset();
  Cache<Shared> cache;
  ManualFetch<Refetched<Card>> event;
  int shown = 0;
  const auto fetch = [&event, &shown](const std::string&, Old old) {
    if (old != nullptr) ++shown;
    return event();
  };
  cache.put<Cards>("a", Card{"text", "1"});
  ManualClock::advance(60s);
  auto leader = ask<Cards>(cache, "a", fetch);
  const auto waiter = ask<Cards>(cache, "a", fetch);
  leader.leave();
  event.complete(tiercache::not_modified);
  CHECK(shown == 2);
  CHECK(waiter.get().text == "text");
  CHECK(cache.get<Cards>("a"));
}

TEST_CASE("P4: not_modified: what the one before was shown, and was invalidated since, is shown to nobody") {
  ManualClock::reset();
  Cache<Shared> cache;
  ManualFetch<Refetched<Card>> event;
  const auto fetch = [&event](const std::string&, Old) { return event(); };
  const auto same = [](const std::string&, Old old) -> Refetched<Card> {
    CHECK(old == nullptr);
    return tiercache::not_modified;
  };
  cache.put<Cards>("a", Card{"text", "1"});
  ManualClock::advance(60s);
  auto leader = ask<Cards>(cache, "a", fetch);
  const auto waiter = ask<Cards>(cache, "a", same);
  cache.invalidate<Cards>("a");
  leader.leave();
  REQUIRE(waiter.is_done());
  CHECK_THROWS_AS(waiter.get(), std::invalid_argument);
}

TEST_CASE("not_modified: an entry that was renewed counts as written then") {
  ManualClock::reset();
  Cache<Shared> cache;
  for (const char* const id : {"a", "b", "c", "d"}) cache.put<Cards>(id, Card{id, "1"});
  const auto same = [](const std::string&, Old) -> Refetched<Card> { return tiercache::not_modified; };
  CHECK(cache.get_or_fetch<Cards>("a", same).max_age(0s).get().text == "a");
  SECTION("to eviction") {
    cache.put<Cards>("e", Card{"e", "1"});
    CHECK(cache.peek<Cards>("a"));
    CHECK(!cache.peek<Cards>("b"));
  }
  SECTION("to trim") {
    CHECK(cache.trim<Cards>(1) == 3);
    CHECK(cache.peek<Cards>("a"));
  }
}

TEST_CASE("not_modified: with every form of answer, and whoever owns the fetcher") {
  ManualClock::reset();
  Cache<Shared> cache;
  cache.put<Cards>("a", Card{"text", "1"});
  ManualClock::advance(60s);
  SECTION("optional") {
    const auto fetch = [](const std::string&, Old) -> Refetched<std::optional<Card>> {
      return tiercache::not_modified;
    };
    CHECK(cache.get_or_fetch<Cards>("a", fetch).get()->text == "text");
    const auto none = [](const std::string&, Old) -> Refetched<std::optional<Card>> { return std::nullopt; };
    CHECK(!cache.get_or_fetch<Cards>("a", none).max_age(0s).get());
    CHECK(cache.stats<Cards>().entries == 1);
  }
  SECTION("CacheEntry") {
    const auto fetch = [](const std::string&, Old) -> Refetched<tiercache::CacheEntry<Card>> {
      return tiercache::not_modified;
    };
    CHECK(cache.get_or_fetch<Cards>("a", fetch).get().text == "text");
    const auto entry = [](const std::string&, Old) -> Refetched<tiercache::CacheEntry<Card>> {
      return tiercache::CacheEntry<Card>{.value = {"new", "2"}, .ttl = 1s};
    };
    CHECK(cache.get_or_fetch<Cards>("a", entry).max_age(0s).get().text == "new");
    CHECK(cache.peek<Cards>("a")->ttl == tiercache::Ttl(1s));
  }
  SECTION("variant") {
    const auto fetch = [](const std::string&, Old old) -> std::variant<Card, tiercache::NotModified> {
      if (old->value.etag == "1") return tiercache::not_modified;
      return Card{"new", "2"};
    };
    CHECK(cache.get_or_fetch<Cards>("a", fetch).get().text == "text");
    cache.put<Cards>("a", Card{"text", "0"});
    CHECK(cache.get_or_fetch<Cards>("a", fetch).max_age(0s).get().text == "new");
  }
  SECTION("a loader") {
    cache.set_loader<Cards>([](const std::string&, Old) -> Refetched<Card> { return tiercache::not_modified; });
    CHECK(cache.get_or_fetch<Cards>("a").get().text == "text");
  }
  SECTION("owned") {
    const auto fetch = [](const std::string&, Old) -> Refetched<Card> { return tiercache::not_modified; };
    CHECK(cache.get_or_fetch<Cards>("a", tiercache::owned(fetch)).get().text == "text");
  }
}

TEST_CASE("not_modified: a tier without keys") {
  ManualClock::reset();
  Cache<Shared> cache;
  int shown = 0;
  const auto fetch = [&shown](Old old) -> Refetched<Card> {
    if (old == nullptr) return Card{"text", "1"};
    ++shown;
    return tiercache::not_modified;
  };
  CHECK(cache.get_or_fetch<Front>(fetch).get().text == "text");
  ManualClock::advance(60s);
  CHECK(cache.get_or_fetch<Front>(fetch).get().text == "text");
  CHECK(shown == 1);
  CHECK(cache.get<Front>());
}

TEST_CASE("not_modified: a background refresh of what is stale") {
  ManualClock::reset();
  Cache<Shared> cache(tiercache::with<Cards>({.ttl = 60s, .stale_for = 60s}));
  cache.put<Cards>("a", Card{"text", "1"});
  ManualClock::advance(60s);
  const auto fetch = [](const std::string&, Old) -> Refetched<Card> { return tiercache::not_modified; };
  CHECK(cache.get_or_fetch<Cards>("a", tiercache::owned(fetch)).get().text == "text");
  CHECK(cache.stats<Cards>().stale_hits == 1);
  CHECK(cache.get<Cards>("a"));
}

TEST_CASE("not_modified: an entry keeps its own TTL, also if it left while the server was asked") {
  ManualClock::reset();
  const std::ptrdiff_t live = Allocations::live;
  {
    Cache<Shared> cache;
    ManualFetch<Refetched<Card>> event;
    const auto fetch = [&event](const std::string&, Old) { return event(); };
    const std::string text = "a text that is too long for the string's own buffer";
    cache.put<Cards>("a", Card{text, "1"}, 5s);
    ManualClock::advance(5s);
    const auto caller = ask<Cards>(cache, "a", fetch);
    cache.purge_expired();
    event.complete(tiercache::not_modified);
    CHECK(caller.get().text == text);
    CHECK(cache.peek<Cards>("a")->ttl == tiercache::Ttl(5s));
  }
  CHECK(Allocations::live == live);
}
