#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::CacheEntry;
using tiercache::ManualClock;
using tiercache::RemovalCause;

template <class Value>
struct Of : tiercache::Tier<int, Value> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 3};
};

using MoveOnly = std::unique_ptr<std::string>;

struct NoDefault {
  explicit NoDefault(int its_number) : number(its_number) {}
  int number;
};

struct NotAssignable {
  explicit NotAssignable(int its_number) : number(its_number) {}
  NotAssignable(const NotAssignable&) = default;
  NotAssignable& operator=(const NotAssignable&) = delete;
  const int number;
};

struct alignas(128) OverAligned {
  int number;
  bool is_aligned() const { return reinterpret_cast<std::uintptr_t>(this) % 128 == 0; }
};

// What looks like a part of the library's own machinery.
struct HasHooks {
  int key = 1;
  int value = 2;
  bool has_value() const { return false; }
  HasHooks* operator&() { return nullptr; }
  const HasHooks* operator&() const { return nullptr; }
};

struct Shape {
  virtual ~Shape() = default;
  virtual int corners() const { return 0; }
};
struct Square : Shape {
  int corners() const override { return 4; }
};

// Tells how many there are: what is kept too long, or destroyed twice, shows.
struct Counted {
  Counted() { ++live; }
  Counted(const Counted&) { ++live; }
  Counted& operator=(const Counted&) = default;
  ~Counted() { --live; }
  static inline int live = 0;
};

}  // namespace

TEST_CASE("A value that can only be moved is put, visited, listened to and dropped") {
  using T = Of<MoveOnly>;
  ManualClock::reset();
  ManualCache<T> cache;
  std::vector<std::string> removed;
  cache.on_removal<T>([&removed](int, const MoveOnly& value, RemovalCause) { removed.push_back(*value); });
  cache.put<T>(1, std::make_unique<std::string>("one"));
  cache.put<T>(2, std::make_unique<std::string>("two"), 30s);
  cache.put<T>(3, CacheEntry<MoveOnly>{.value = std::make_unique<std::string>("three"), .ttl = 30s});
  std::string seen;
  CHECK(cache.visit<T>(1, [&seen](const MoveOnly& value) { seen = *value; }));
  CHECK(seen == "one");
  CHECK(cache.invalidate_if<T>([](int, const MoveOnly& value) { return *value == "three"; }) == 1);
  CHECK(cache.invalidate<T>(2) == 1);
  CHECK(cache.clear() == 1);
  CHECK(removed == std::vector<std::string>{"three", "two", "one"});
}

TEST_CASE("A value needs no default constructor and no assignment") {
  ManualClock::reset();
  ManualCache<Of<NoDefault>, Of<NotAssignable>> cache;
  cache.put<Of<NoDefault>>(1, NoDefault(7));
  cache.put<Of<NoDefault>>(1, NoDefault(8));
  CHECK(cache.get<Of<NoDefault>>(1)->number == 8);
  CHECK(cache.peek<Of<NoDefault>>(1)->value.number == 8);
  CHECK(cache.get_or_fetch<Of<NoDefault>>(2, [] { return NoDefault(9); }).get().number == 9);
  cache.put<Of<NotAssignable>>(1, NotAssignable(7));
  cache.put<Of<NotAssignable>>(1, NotAssignable(8));
  CHECK(cache.get<Of<NotAssignable>>(1)->number == 8);
  CHECK(cache.get_or_fetch<Of<NotAssignable>>(2, [] { return NotAssignable(9); }).get().number == 9);
}

TEST_CASE("A value lies where its alignment wants it") {
  using T = Of<OverAligned>;
  ManualClock::reset();
  ManualCache<T> cache{tiercache::with<T>({.ttl = 1min})};
  for (int key = 0; key < 50; ++key) cache.put<T>(key, OverAligned{key});
  for (int key = 0; key < 50; ++key) {
    CHECK(cache.visit<T>(key, [key](const OverAligned& value) { CHECK((value.is_aligned() && value.number == key)); }));
  }
  CHECK(cache.get_or_fetch<T>(50, [] { return OverAligned{50}; }).get().is_aligned());
  CHECK(cache.get<T>(50)->is_aligned());
}

TEST_CASE("An expensive value is held in a shared pointer, and may be given without one") {
  using T = Of<std::shared_ptr<const std::string>>;
  ManualClock::reset();
  ManualCache<T> cache;
  const auto original = std::make_shared<const std::string>("one");
  cache.put<T>(1, original);
  CHECK(cache.get<T>(1)->get() == original.get());
  cache.put<T>(2, std::string("two"));
  CHECK(**cache.get<T>(2) == "two");
  cache.put<T>(2, std::string("deux"), 30s);
  CHECK(**cache.get<T>(2) == "deux");
  cache.put<T>(2, CacheEntry<std::string>{.value = "zwei", .ttl = 30s});
  CHECK(**cache.get<T>(2) == "zwei");
  CHECK(cache.peek<T>(2)->ttl == 30s);

  const auto fetched = cache.get_or_fetch<T>(3, [] { return std::string("three"); }).get();
  CHECK(*fetched == "three");
  CHECK(cache.get_or_fetch<T>(3, [] { return std::string(); }).get().get() == fetched.get());
  cache.clear();
  CHECK(*fetched == "three");
}

TEST_CASE("A shared pointer may hold what derives from the value") {
  using T = Of<std::shared_ptr<const Shape>>;
  ManualClock::reset();
  ManualCache<T> cache;
  cache.put<T>(1, Square());
  CHECK((*cache.get<T>(1))->corners() == 4);
  CHECK(cache.get_or_fetch<T>(2, [] { return Square(); }).get()->corners() == 4);
  CHECK(cache.get_or_fetch<T>(3, [] { return std::make_shared<Square>(); }).get()->corners() == 4);
}

TEST_CASE("A move-only thing is shared through a pointer to a constant") {
  using T = Of<std::shared_ptr<const MoveOnly>>;
  ManualClock::reset();
  ManualCache<T> cache;
  CHECK(**cache.get_or_fetch<T>(1, [] { return std::make_unique<std::string>("one"); }).get() == "one");
  CHECK(***cache.get<T>(1) == "one");
}

TEST_CASE("A value may look like an optional, a boolean, a function or an entry") {
  ManualClock::reset();
  ManualCache<Of<bool>, Of<std::optional<int>>, Of<std::function<int()>>, Of<HasHooks>, Of<CacheEntry<int>>> cache;
  cache.put<Of<bool>>(1, false);
  CHECK(cache.get<Of<bool>>(1) == std::optional<bool>(false));
  cache.put<Of<std::optional<int>>>(1, std::nullopt);
  CHECK(cache.get<Of<std::optional<int>>>(1).has_value());
  CHECK_FALSE(cache.get<Of<std::optional<int>>>(1)->has_value());
  cache.put<Of<std::optional<int>>>(1, 5);
  CHECK(**cache.get<Of<std::optional<int>>>(1) == 5);
  CHECK(cache.get_or_fetch<Of<std::optional<int>>>(2, [] { return std::optional<int>(); }).get() == std::nullopt);
  CHECK(cache.get<Of<std::optional<int>>>(2).has_value());
  cache.put<Of<std::function<int()>>>(1, [] { return 7; });
  CHECK((*cache.get<Of<std::function<int()>>>(1))() == 7);
  cache.put<Of<HasHooks>>(1, HasHooks());
  CHECK(cache.get<Of<HasHooks>>(1)->value == 2);
  CHECK(cache.get_or_fetch<Of<HasHooks>>(2, [] { return HasHooks(); }).get().key == 1);
  cache.put<Of<CacheEntry<int>>>(1, CacheEntry<int>{.value = 3, .ttl = 0s});
  CHECK(cache.get<Of<CacheEntry<int>>>(1)->value == 3);
}

TEST_CASE("Every value that was stored is destroyed once, and none is kept beyond the bounds") {
  using T = Of<Counted>;
  ManualClock::reset();
  const int before = Counted::live;
  {
    ManualCache<T> cache;
    for (int i = 0; i < 20'000; ++i) {
      const int key = i % 7;
      if (i % 3 == 0) cache.put<T>(key, Counted(), std::chrono::seconds(i % 5));
      if (i % 3 == 1) static_cast<void>(cache.get_or_fetch<T>(key, [] { return Counted(); }).get());
      if (i % 3 == 2) ManualClock::advance(1s);
      if (i % 11 == 0) cache.invalidate<T>(key);
      if (i % 101 == 0) cache.clear();
      REQUIRE(Counted::live - before == static_cast<int>(cache.size<T>()));
    }
    cache.put<T>(1, Counted());
    CHECK(Counted::live > before);
  }
  CHECK(Counted::live == before);
}
