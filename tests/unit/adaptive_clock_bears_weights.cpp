#include "catch.hpp"
#include "manual_time.hpp"

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace {

using support::ManualCache;
using tiercache::forever;

struct Pages : tiercache::Tier<std::uint64_t, std::uint64_t> {
  static constexpr tiercache::TierPolicy policy{.ttl = forever, .capacity = 500};
};
// Of as many entries as Pages holds, more or less: they weigh 100 each in the mean.
template <std::uint64_t spread>
struct HeavyPages : tiercache::Tier<std::uint64_t, std::uint64_t> {
  static constexpr tiercache::TierPolicy policy{.ttl = forever, .max_weight = 50'000};
  static std::size_t weigh(std::uint64_t key, std::uint64_t) {
    return 100 - spread + static_cast<std::size_t>((key * 0x9E37'79B9'7F4A'7C15 >> 40) % (2 * spread + 1));
  }
};
// One in ten as heavy as eighty others.
struct UnequalPages : tiercache::Tier<std::uint64_t, std::uint64_t> {
  static constexpr tiercache::TierPolicy policy{.ttl = forever, .max_weight = 50'000};
  static std::size_t weigh(std::uint64_t key, std::uint64_t) {
    return (key * 0x9E37'79B9'7F4A'7C15 >> 40) % 10 == 0 ? 901 : 11;
  }
};

template <class T>
void ask(ManualCache<T>& cache, std::uint64_t key) {
  static_cast<void>(cache.template get_or_fetch<T>(key, [](std::uint64_t asked) { return asked; }).get());
}

// Returns the hit rate where some keys are asked for much more often than others, and between them a scan goes on.
template <class T>
double hit_rate() {
  ManualCache<T> cache;
  std::mt19937 random(1);
  std::uint64_t once = 1'000'000;
  for (int i = 0; i < 60'000; ++i) {
    if (i % 3 == 0) {
      ask(cache, once++);
    } else {
      const std::uint64_t most = 1 + random() % 10'000;
      ask(cache, random() % (1 + random() % most));
    }
  }
  return cache.template stats<T>().hit_rate();
}

// Evicts whoever came first, and notes for how many entries it is told that there is room.
template <bool chooses_among_all>
struct Listening : tiercache::OldestFirst {
  static constexpr bool has_admission = chooses_among_all;
  void resize(std::size_t capacity) noexcept { told.push_back(capacity); }
  static inline std::vector<std::size_t> told;
};
template <bool chooses_among_all>
struct Tens : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = forever, .max_weight = 1000};
  using eviction = Listening<chooses_among_all>;
  static std::size_t weigh(int, int value) { return static_cast<std::size_t>(value); }
};

template <class T>
void put_many(ManualCache<T>& cache, int weight) {
  for (int key = 0; key < 1000; ++key) cache.template put<T>(key, weight);
}

}  // namespace

TEST_CASE("Unequal weights cost no hits") {
  const double equal = hit_rate<Pages>();
  CHECK(hit_rate<HeavyPages<10>>() > equal - 0.01);
  CHECK(hit_rate<HeavyPages<50>>() > equal - 0.01);
  CHECK(hit_rate<HeavyPages<99>>() > equal - 0.01);
  CHECK(hit_rate<UnequalPages>() > equal - 0.06);
}

TEST_CASE("A policy is told the capacity, or no bound") {
  Listening<false>::told.clear();
  ManualCache<Tens<false>> cache;
  put_many(cache, 10);
  CHECK(Listening<false>::told == std::vector{tiercache::unbounded});
  cache.set_policy<Tens<false>>({.ttl = forever, .max_weight = 500});
  CHECK(Listening<false>::told == std::vector{tiercache::unbounded});
  cache.set_policy<Tens<false>>({.ttl = forever, .capacity = 7, .max_weight = 500});
  CHECK(Listening<false>::told == std::vector{tiercache::unbounded, std::size_t{7}});
}

TEST_CASE("A policy that chooses among all is told about how many fit, where weight is what bounds the tier") {
  std::vector<std::size_t>& told = Listening<true>::told;
  told.clear();
  ManualCache<Tens<true>> cache;
  put_many(cache, 10);
  CHECK(told == std::vector{tiercache::unbounded, std::size_t{100}});

  // Another time to live changes nothing.
  cache.set_policy<Tens<true>>({.ttl = std::chrono::minutes(1), .max_weight = 1000});
  CHECK(told.size() == 2);
  cache.set_policy<Tens<true>>({.ttl = forever, .max_weight = 500});
  CHECK(told.back() == 50);
  cache.set_policy<Tens<true>>({.ttl = forever, .capacity = 20, .max_weight = 500});
  CHECK(told.back() == 20);
  cache.set_policy<Tens<true>>({.ttl = forever, .max_weight = 2000});
  CHECK(told.back() == 200);
  cache.set_policy<Tens<true>>({.ttl = forever});
  CHECK(told.back() == tiercache::unbounded);
  // Never nothing.
  cache.set_policy<Tens<true>>({.ttl = forever, .max_weight = 5});
  CHECK(told.back() == 1);
  CHECK(cache.size<Tens<true>>() == 0);

  // It follows the entries: down at once, up in time.
  cache.set_policy<Tens<true>>({.ttl = forever, .max_weight = 1000});
  put_many(cache, 100);
  CHECK(told.back() == 10);
  for (int key = 0; key < 200; ++key) cache.put<Tens<true>>(key, 10);
  CHECK(told.back() < 40);
  put_many(cache, 10);
  CHECK(told.back() > 90);
  CHECK(told.back() <= 100);
}

TEST_CASE("What there is no room for by number tells nothing of weights") {
  std::vector<std::size_t>& told = Listening<true>::told;
  told.clear();
  ManualCache<Tens<true>> cache{tiercache::with<Tens<true>>({.ttl = forever, .capacity = 7, .max_weight = 1000})};
  put_many(cache, 10);
  cache.set_policy<Tens<true>>({.ttl = forever, .capacity = 20, .max_weight = 1000});
  CHECK(told == std::vector{std::size_t{7}, std::size_t{20}});
}

TEST_CASE("It is told so when a tier that holds more than that is bounded by weight") {
  std::vector<std::size_t>& told = Listening<true>::told;
  told.clear();
  ManualCache<Tens<true>> cache{tiercache::with<Tens<true>>({.ttl = forever})};
  put_many(cache, 10);
  CHECK(told == std::vector{tiercache::unbounded});
  cache.set_policy<Tens<true>>({.ttl = forever, .max_weight = 500});
  CHECK(told == std::vector{tiercache::unbounded, std::size_t{50}});
  CHECK(cache.size<Tens<true>>() == 50);
}
