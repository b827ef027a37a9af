// Functions of the user's with the names of ours: the library must not call them instead of its own.
#include "catch.hpp"
#include "manual_time.hpp"

#include <any>
#include <cstddef>
#include <functional>
#include <utility>

namespace app {

struct Id {
  int number;
  friend bool operator==(const Id&, const Id&) = default;
};
struct Card {
  int number = 0;
};
struct HashOfId {
  std::size_t operator()(const Id& id) const { return std::hash<int>{}(id.number); }
};

struct Cards : tiercache::Tier<Id, Card> {
  static constexpr tiercache::TierPolicy policy{.ttl = tiercache::forever};
  using hash = HashOfId;
};

// Better matches, all of them, for what the library calls its own with.
template <class T>
Id make_key(const Id& id) {
  return Id{id.number + 1000};
}
template <class T>
std::size_t hash_key(const Id&) {
  return 1;
}
template <class T>
bool is_key(const Id&, const Id&) {
  return true;
}
template <class To, class From>
To to_value(From&&) {
  return To{-1};
}
template <class Value, class Outcome, class Answer>
void deliver(Outcome&, Answer&&) {}
template <class Value, class Outcome, class Given>
void deliver_payload(Outcome&, Given&&) {}
template <class T, class F>
Card call_fetcher(F&, const Id&) {
  return Card{-1};
}
template <class A>
A&& awaiter_of(A&& awaitable) {
  return std::forward<A>(awaitable);
}
template <class A>
void swap(A&, A&) = delete;

}  // namespace app

namespace {

struct Anything : tiercache::Tier<int, std::any> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(5)};
};

}  // namespace

TEST_CASE("Functions of the user's with the library's names are not called by it") {
  support::ManualCache<app::Cards> cache;
  const app::Id one{1};
  const auto fetch = [](const app::Id& id) { return app::Card{id.number * 10}; };
  CHECK(cache.get_or_fetch<app::Cards>(one, fetch).get().number == 10);
  CHECK(cache.get<app::Cards>(one)->number == 10);
  CHECK_FALSE(cache.get<app::Cards>(app::Id{2}));
  cache.put<app::Cards>(app::Id{2}, app::Card{7});
  CHECK(cache.get<app::Cards>(app::Id{2})->number == 7);
}

TEST_CASE("An entry for a tier that can hold anything gives its value and its TTL, not itself") {
  tiercache::ManualClock::reset();
  support::ManualCache<Anything> cache;
  using Entry = tiercache::CacheEntry<std::any>;
  const auto fetch = [] { return Entry{.value = 7, .ttl = std::chrono::seconds(1)}; };
  CHECK(std::any_cast<int>(cache.get_or_fetch<Anything>(1, fetch).get()) == 7);
  cache.put<Anything>(2, Entry{.value = 8, .ttl = std::chrono::seconds(1)});
  CHECK(std::any_cast<int>(*cache.get<Anything>(2)) == 8);
  tiercache::ManualClock::advance(std::chrono::seconds(1));
  CHECK_FALSE(cache.get<Anything>(1));
  CHECK_FALSE(cache.get<Anything>(2));
}
