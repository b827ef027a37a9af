#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "running.hpp"
#include "twice.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

using namespace support;

namespace {

struct CopyFailed {};

/// A value whose copy after the next `until_failure` ones throws, or that of a `bad` number.
class Fragile {
 public:
  explicit Fragile(int number) noexcept : number_(number) {}
  Fragile(const Fragile& other) : number_(other.number_) {
    if (number_ == bad || (until_failure >= 0 && until_failure-- == 0)) throw CopyFailed();
  }
  Fragile(Fragile&& other) noexcept : number_(other.number_) {}
  Fragile& operator=(const Fragile&) = default;
  Fragile& operator=(Fragile&&) noexcept = default;
  ~Fragile() = default;
  [[nodiscard]] int number() const noexcept { return number_; }

  static inline int until_failure = -1;
  static inline int bad = -1;

 private:
  int number_;
};

struct Cards : tiercache::Tier<int, Fragile> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards>;

/// A fetcher that answers with the key 7 and a value that is copied.
struct FetchSeven {
  std::vector<std::pair<int, const Fragile&>> operator()(const std::vector<int>&) const {
    std::vector<std::pair<int, const Fragile&>> pairs;
    pairs.emplace_back(7, answer);
    return pairs;
  }
  Fragile answer{7};
};

/// Returns whether the lookup came to values, rather than to the exception of a copy.
template <class AnyCache, class Keys, class F>
bool get_many(AnyCache& cache, const Keys& keys, const F& fetch) {
  try {
    static_cast<void>(cache.template get_or_fetch_many<Cards>(keys, fetch).get());
    return true;
  } catch (const CopyFailed&) {
    return false;
  }
}

template <class AnyCache>
[[nodiscard]] bool holds(AnyCache& cache, int key) {
  bool is_it = false;
  const auto look = [&](const Fragile& value) { is_it = value.number() == key; };
  static_cast<void>(cache.template visit<Cards>(key, look));
  return is_it;
}

}  // namespace

TEMPLATE_TEST_CASE("P2, P3: an answer of a bulk fetch that cannot be copied is a failure of its key only", "", Shared,
                   Local) {
  Cache<TestType> cache;
  const std::vector<Fragile> answers = [] {
    std::vector<Fragile> made;
    for (const int number : {1, 2, 3}) made.emplace_back(number);
    return made;
  }();
  const auto fetch = [&answers](const std::vector<int>&) -> const std::vector<Fragile>& { return answers; };
  Fragile::bad = 2;
  CHECK_FALSE(get_many(cache, std::vector<int>{1, 2, 3}, fetch));
  Fragile::bad = -1;
  CHECK(holds(cache, 1));
  CHECK_FALSE(holds(cache, 2));
  CHECK(holds(cache, 3));
  CHECK(cache.template stats<Cards>().fetch_failures == 1);
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

TEMPLATE_TEST_CASE("P3: whichever copy throws for a key with two fetches, both of them end", "", Shared, Local) {
  bool has_failed = true;
  for (int n = 0; has_failed; ++n) {
    CAPTURE(n);
    REQUIRE(n < 100);
    Cache<TestType> cache;
    const Twice<Cache<TestType>, Cards> keys{&cache};
    const FetchSeven fetch;
    Fragile::until_failure = n;
    const bool has_values = get_many(cache, keys, fetch);
    has_failed = Fragile::until_failure < 0;
    Fragile::until_failure = -1;
    CHECK((has_values || has_failed));
    CHECK(cache.template stats<Cards>().in_flight == 0);
    CHECK(get_many(cache, std::vector<int>{7}, fetch));
    CHECK(holds(cache, 7));
  }
}

TEMPLATE_TEST_CASE("P3: where the first of two fetches for a key cannot have the answer, the second has none", "",
                   Shared, Local) {
  Cache<TestType> cache;
  const Twice<Cache<TestType>, Cards> keys{&cache};
  const FetchSeven fetch;
  Fragile::bad = 7;
  CHECK_FALSE(get_many(cache, keys, fetch));
  Fragile::bad = -1;
  CHECK(cache.template stats<Cards>().fetch_failures == 2);
  CHECK(cache.template stats<Cards>().in_flight == 0);
  CHECK_FALSE(holds(cache, 7));
}

TEST_CASE("P2: who waits for the second of two fetches for a key gets the failure of the first") {
  Cache<Shared> cache;
  const Twice<Cache<Shared>, Cards> keys{&cache};
  ManualFetch<std::vector<std::pair<int, const Fragile&>>> event;
  ManualFetch<Fragile> own;
  const auto fetch = [&event](const std::vector<int>&) { return event(); };
  const auto ask_for_both = [&]() -> Running<bool> {
    static_cast<void>(co_await cache.get_or_fetch_many<Cards>(keys, fetch));
    co_return true;
  };
  const auto ask_for_one = [&]() -> Running<int> {
    const Fragile value = co_await cache.get_or_fetch<Cards>(7, own);
    co_return value.number();
  };
  const auto both = ask_for_both();
  const auto one = ask_for_one();
  CHECK(cache.stats<Cards>().fetches_joined == 1);
  CHECK(event.running() == 1);
  const Fragile answer(7);
  std::vector<std::pair<int, const Fragile&>> pairs;
  pairs.emplace_back(7, answer);
  Fragile::bad = 7;
  event.complete(std::move(pairs));
  Fragile::bad = -1;
  CHECK_THROWS_AS(both.get(), CopyFailed);
  CHECK(own.started() == 0);
  REQUIRE(one.is_done());
  CHECK_THROWS_AS(one.get(), CopyFailed);
}
