#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"

#include <tiercache/tiercache.hpp>

#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;
using support::ask;
using support::ManualFetch;
using support::Running;

struct CopyFailed {};

/// A value whose copy after the next `until_failure` ones throws; its move does not.
class Fragile {
 public:
  explicit Fragile(int number) noexcept : number_(number) {}
  Fragile(const Fragile& other) : number_(other.number_) {
    if (until_failure >= 0 && until_failure-- == 0) throw CopyFailed();
  }
  Fragile(Fragile&& other) noexcept : number_(other.number_) {}
  Fragile& operator=(const Fragile&) = delete;
  ~Fragile() = default;
  [[nodiscard]] int number() const noexcept { return number_; }

  static inline int until_failure = -1;

 private:
  int number_;
};

struct Cards : tiercache::Tier<std::string, Fragile> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
struct Weighed : tiercache::Tier<std::string, std::string> {
  static std::size_t weigh(const std::string&, const std::string& value) {
    if (value == "unweighable") throw std::runtime_error("weigh");
    return value.size();
  }
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards, Weighed>;

TEMPLATE_TEST_CASE("P3: when the copy to store throws, the callers still get the value, and the key is free", "",
                   support::Shared, support::Local) {
  Fragile::until_failure = -1;
  Cache<TestType> cache;
  ManualFetch<Fragile> fetch;
  const auto first = ask<Cards>(cache, "a", fetch);
  const auto second = ask<Cards>(cache, "a", fetch);
  Fragile::until_failure = 0;  // everything before storing moves
  fetch.complete(Fragile(7));
  Fragile::until_failure = -1;
  REQUIRE(first.is_done());
  REQUIRE(second.is_done());
  CHECK(first.get().number() == 7);
  CHECK(second.get().number() == 7);
  CHECK(cache.template size<Cards>() == 0);
  CHECK(cache.template stats<Cards>().store_failures == 1);
  CHECK(cache.template stats<Cards>().in_flight == 0);
  const auto third = ask<Cards>(cache, "a", fetch);
  CHECK(fetch.started() == 2);
  fetch.complete(Fragile(8));
  CHECK(third.get().number() == 8);
  CHECK(cache.template size<Cards>() == 1);
}

TEMPLATE_TEST_CASE("P3: whichever copy of a value throws, every caller ends and the next get works", "",
                   support::Shared, support::Local) {
  bool has_failed = true;
  int n = 0;
  for (; has_failed; ++n) {
    REQUIRE(n < 100);
    Cache<TestType> cache;
    ManualFetch<Fragile> fetch;
    Fragile::until_failure = -1;
    const auto first = ask<Cards>(cache, "a", fetch);
    const auto second = ask<Cards>(cache, "a", fetch);
    Fragile::until_failure = n;
    fetch.complete(Fragile(7));
    int served = 0;
    int failed = 0;
    const auto count = [&](const Running<Fragile>& caller) {
      try {
        served += caller.get().number() == 7 ? 1 : 0;
      } catch (const CopyFailed&) {
        ++failed;
      }
    };
    REQUIRE(first.is_done());
    REQUIRE(second.is_done());
    has_failed = Fragile::until_failure < 0;
    Fragile::until_failure = -1;
    count(first);
    count(second);
    // One copy costs at most one caller the value: that which was its own.
    REQUIRE(served + failed == 2);
    REQUIRE(failed <= 1);
    const auto again = [] { return Fragile(7); };
    REQUIRE(cache.template get_or_fetch<Cards>("a", again).get().number() == 7);
    REQUIRE(cache.template stats<Cards>().in_flight == 0);
  }
  CHECK(n > 2);
}

TEMPLATE_TEST_CASE("P3: a hit whose copy throws leaves the entry as it was", "", support::Shared, support::Local) {
  Fragile::until_failure = -1;
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  const auto fetch = [] { return Fragile(7); };
  static_cast<void>(cache.template get_or_fetch<Cards>("a", fetch).get());
  Fragile::until_failure = 0;
  CHECK_THROWS_AS(cache.template get_or_fetch<Cards>("a", fetch).get(), CopyFailed);
  Fragile::until_failure = 0;
  const auto caller = ask<Cards>(cache, "a", fetch);
  REQUIRE(caller.is_done());
  CHECK_THROWS_AS(caller.get(), CopyFailed);
  Fragile::until_failure = -1;
  CHECK(cache.template get_or_fetch<Cards>("a", fetch).get().number() == 7);
  CHECK(cache.template stats<Cards>().fetches_led == 1);
}

TEMPLATE_TEST_CASE("P3: a weigher that throws costs nobody the value", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  const auto first = ask<Weighed>(cache, "a", fetch);
  const auto second = ask<Weighed>(cache, "a", fetch);
  fetch.complete("unweighable");
  CHECK(first.get() == "unweighable");
  CHECK(second.get() == "unweighable");
  CHECK(cache.template size<Weighed>() == 0);
  CHECK(cache.template stats<Weighed>().store_failures == 1);
  CHECK(cache.template stats<Weighed>().in_flight == 0);
}

}  // namespace
