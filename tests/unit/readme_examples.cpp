#include <tiercache/tiercache.hpp>

#include <deque>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "catch.hpp"
#include "running.hpp"

using namespace std::chrono_literals;

namespace {

struct Workspaces : tiercache::Tier<tiercache::Unkeyed, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 5min};
};
struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 100, .trim_to = 50};
};

TEST_CASE("what the README shows of a cache does what it says") {
  // clang-format off
  tiercache::TierPolicy policy = Cards::policy;  // what is known only at run time
  policy.ttl = 30s;
  tiercache::TieredCache<Workspaces, Cards> cache{tiercache::with<Cards>(policy)};

  cache.put<Cards>("7", "a card");                          // for the tier's TTL
  cache.put<Cards>("8", "a short-lived card", 5s);          // for its own
  std::optional<std::string> card = cache.get<Cards>("7");  // a copy, if it is fresh
  bool is_long = false;
  cache.visit<Cards>("7", [&](const std::string& text) { is_long = text.size() > 100; });  // in place, no copy

  cache.invalidate<Cards>("7");  // one
  cache.invalidate_if<Cards>([](const std::string& id, const std::string& text) { return id.empty() || text.empty(); });
  cache.invalidate<Cards>();  // a tier
  cache.clear();              // all

  cache.on_removal<Cards>([](const std::string& id, const std::string& text, tiercache::RemovalCause cause) {
    if (cause == tiercache::RemovalCause::Evicted) std::cout << id << " had to go: " << text << '\n';
  });
  tiercache::TierStats before = cache.stats<Cards>();
  tiercache::TierStats since = cache.stats<Cards>() - before;
  // clang-format on

  CHECK(cache.policy<Cards>().ttl == 30s);
  CHECK(cache.policy<Cards>().capacity == 100);
  CHECK(card == "a card");
  CHECK_FALSE(is_long);
  CHECK(before.inserts == 2);
  CHECK(before.invalidations == 2);
  CHECK(since.inserts == 0);
  CHECK(cache.size<Cards>() == 0);
}

// clang-format off
struct Rates : tiercache::Tier<std::string, double> {
  static constexpr tiercache::TierPolicy policy{
      .ttl = 1min,            // fresh
      .stale_for = 10min,     // then served while one fetch gets a new value
      .stale_if_error = 1h,   // then handed out only if the fetch fails
      .retry_after = 5s,      // after a failure: no new fetch for so long
      .idle_for = 30min,      // dropped when nobody reads it for so long
      .jitter = 0.1,          // each key's TTL is shorter by 0 to 10 %, always by the same
      .capacity = 1000};
};

struct Summary : tiercache::Tier<tiercache::Unkeyed, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
struct Folders : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
struct Notes : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 100};
  static constexpr auto also_invalidates = tiercache::cascade(
      tiercache::whole<Summary>,  // everything in that tier
      tiercache::keys<Folders>([](const std::string& id, const std::string*) { return id.substr(0, id.find('/')); }));
};
// clang-format on

TEST_CASE("what the README shows of policies, cascades and writes does what it says") {
  tiercache::TieredCache<Rates> rates;
  CHECK(rates.policy<Rates>().retry_after == 5s);

  tiercache::TieredCache<Summary, Folders, Notes> cache;
  cache.put<Summary>("all");
  cache.put<Folders>("home", "a folder");
  cache.put<Folders>("work", "another one");
  int sent = 0;
  // clang-format off
  const auto send = [&sent] { return ++sent; };  // plain or awaitable
  int version = cache.write<Notes>("home/today", send).get();  // or co_await it
  // clang-format on
  CHECK(version == 1);
  CHECK_FALSE(cache.get<Summary>());
  CHECK_FALSE(cache.get<Folders>("home"));
  CHECK(cache.get<Folders>("work"));
}

struct Loop {
  void post(std::function<void()> job) { jobs.push_back(std::move(job)); }
  std::deque<std::function<void()>> jobs;
};

// clang-format off
support::Running<std::string> read(tiercache::TieredCache<Cards>& cache, std::string id, std::stop_token stop, Loop& loop) {
  const auto fetch = [](const std::string& asked) { return "card " + asked; };
  const auto post = [&loop](auto resume) { loop.post(std::move(resume)); };
  co_return co_await cache.get_or_fetch<Cards>(id, tiercache::owned(fetch))  // goes on if this coroutine leaves
      .max_age(5s)        // what is older is a miss, for this call
      .stop_on(stop)      // waits no longer than that: fetch_abandoned
      .resume_on(post);   // resumed there, if it had to wait
}
// clang-format on

TEST_CASE("what the README shows of a lookup does what it says") {
  tiercache::TieredCache<Cards> cache;
  Loop loop;
  CHECK(read(cache, "7", std::stop_token(), loop).get() == "card 7");

  // clang-format off
  cache.set_loader<Cards>([](const std::string& id) { return "card " + id; });  // belongs to the cache
  std::string card = cache.get_or_fetch<Cards>("8").get();                      // or co_await it
  // clang-format on
  CHECK(card == "card 8");
}

struct Page {
  std::string body;
  std::string etag;
};
struct Pages : tiercache::Tier<std::string, Page> {
  static constexpr tiercache::TierPolicy policy{.ttl = 0s};
};
struct Response {
  int status = 200;
  std::string body;
  std::string etag;
};
struct Server {
  Response get(const std::string& id, const std::string& etag) {
    if (etag == "1") return {.status = 304, .body = {}, .etag = {}};
    return {.status = 200, .body = "page " + id, .etag = "1"};
  }
};

TEST_CASE("what the README shows of entries that did not change does what it says") {
  tiercache::TieredCache<Pages> cache;
  Server server;
  for (int times = 0; times < 2; ++times) {
    // clang-format off
    const auto fetch = [&server](const std::string& id, const tiercache::CacheEntry<Page>* old) -> tiercache::Refetched<Page> {
      Response response = server.get(id, old != nullptr ? old->value.etag : "");
      if (response.status == 304) return tiercache::not_modified;  // its value stays, and is not copied
      return Page{response.body, response.etag};
    };
    Page page = cache.get_or_fetch<Pages>("home", fetch).get();
    // clang-format on
    CHECK(page.body == "page home");
  }
  CHECK(cache.stats<Pages>().updates == 1);
}

TEST_CASE("what the README shows of many keys does what it says") {
  tiercache::TieredCache<Cards> cache;
  // clang-format off
  const auto fetch = [](std::span<const std::string> missing) {  // plain or awaitable
    std::map<std::string, std::string> found;  // or pairs in another range; or a vector of answers in the order of the keys
    for (const std::string& id : missing) found[id] = "card " + id;
    return found;
  };
  std::vector<std::string> ids{"7", "8", "7"};
  std::vector<std::optional<std::string>> cards = cache.get_or_fetch_many<Cards>(ids, fetch).get();  // or co_await it
  // clang-format on
  CHECK(cards == std::vector<std::optional<std::string>>{"card 7", "card 8", "card 7"});
}

}  // namespace
