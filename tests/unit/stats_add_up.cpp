#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "running.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace support;
using namespace std::chrono_literals;
using tiercache::ManualClock;

namespace {

struct Lists : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 20s, .capacity = 4};
};
struct Cards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{
      .ttl = 10s, .stale_for = 5s, .stale_if_error = 10s, .retry_after = 2s, .not_found_ttl = 5s, .capacity = 6};
  static constexpr auto also_invalidates =
      tiercache::cascade(tiercache::keys<Lists>([](int id, const int*) { return id % 3; }));
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Lists, Cards>;

using Values = std::map<int, std::optional<int>>;
using Entry = const tiercache::CacheEntry<int>*;

/// What a random program does, one thing at a time; some fetches are left suspended for a while.
template <class Config>
class Program {
 public:
  explicit Program(unsigned seed) : random_(seed) {
    ManualClock::reset();
    cache_.template on_removal<Cards>([this](int, int, tiercache::RemovalCause) { ++removed_; });
  }

  void step() {
    const int key = static_cast<int>(below(9));
    switch (below(16)) {
      case 0:
        cache_.template put<Cards>(key, 1);
        break;
      case 1:
        cache_.template invalidate<Cards>(key);
        break;
      case 2:
        ManualClock::advance(std::chrono::seconds(below(6)));
        break;
      case 3:
        cache_.template invalidate_if<Cards>([key](int id, int) { return id == key; });
        break;
      case 4:
        if (below(8) == 0) cache_.clear();
        break;
      case 5:
        cache_.template trim<Cards>(below(6));
        break;
      case 6:
        static_cast<void>(cache_.template write<Cards>(key, [] {}).get());
        break;
      case 7:
        static_cast<void>(cache_.template get<Cards>(key));
        static_cast<void>(cache_.template get_or_fetch<Lists>(key % 3, [] { return 1; }).get());
        break;
      case 8:
      case 9:
        callers_.push_back(ask_many(key));
        break;
      case 10:
        callers_.push_back(ask_many_owned(key));
        break;
      case 11:
      case 12:
        callers_.push_back(ask_one(key));
        break;
      case 13:
        if (!callers_.empty()) callers_.erase(callers_.begin() + below(static_cast<unsigned>(callers_.size())));
        break;
      default:
        end_a_fetch();
    }
  }
  void end() {
    while (many_.running() != 0 || one_.running() != 0) end_a_fetch();
    callers_.clear();
  }

  void check(bool is_at_rest) {
    const auto stats = cache_.template stats<Cards>();
    REQUIRE(stats.lookups == stats.hits + stats.misses);
    REQUIRE(stats.hits >= stats.stale_hits + stats.not_found_hits);
    REQUIRE(stats.misses == stats.fetches_led + stats.fetches_joined + stats.lookups_without_fetch);
    REQUIRE(stats.inserts - stats.evictions - stats.expirations - stats.invalidations == stats.entries);
    REQUIRE(stats.entries <= 6);
    if (is_at_rest) REQUIRE(stats.in_flight == 0);
    // Each entry with a value is reported once; "there is none" is not, and nothing is where a value was renewed.
    REQUIRE(removed_ <= stats.evictions + stats.expirations + stats.invalidations + stats.updates);
  }
  [[nodiscard]] std::uint64_t renewed() const noexcept { return renewed_; }

 private:
  [[nodiscard]] unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

  Running<bool> ask_many(int key) {
    const auto fetch = [this](std::span<const int>) { return many_(); };
    const std::vector<int> keys{key, key + 1, key, (key + 4) % 9};
    try {
      static_cast<void>(co_await cache_.template get_or_fetch_many<Cards>(keys, fetch));
    } catch (const std::exception&) {}
    co_return true;
  }
  Running<bool> ask_many_owned(int key) {
    const auto fetch = [this](std::span<const int>) { return many_(); };
    const std::vector<int> keys{key, (key + 2) % 9};
    try {
      static_cast<void>(co_await cache_.template get_or_fetch_many<Cards>(keys, tiercache::owned(fetch)));
    } catch (const std::exception&) {}
    co_return true;
  }
  Running<bool> ask_one(int key) {
    const auto fetch = [this](int, Entry) { return one_(); };
    try {
      static_cast<void>(co_await cache_.template get_or_fetch<Cards>(key, fetch));
    } catch (const std::exception&) {}
    co_return true;
  }
  void end_a_fetch() {
    if (many_.running() != 0 && (one_.running() == 0 || below(2) == 0)) {
      if (below(4) == 0) return many_.fail(std::runtime_error("no"));
      Values values;
      for (int key = 0; key < 10; ++key) {
        if (below(3) != 0) values[key] = below(4) == 0 ? std::nullopt : std::optional(key);
      }
      return many_.complete(values);
    }
    if (one_.running() == 0) return;
    switch (below(4)) {
      case 0:
        return one_.fail(std::runtime_error("no"));
      case 1:
        ++renewed_;
        return one_.complete(tiercache::not_modified);
      case 2:
        return one_.complete(std::optional<int>());
      default:
        return one_.complete(std::optional<int>(7));
    }
  }

  std::mt19937 random_;
  std::uint64_t removed_ = 0;
  std::uint64_t renewed_ = 0;
  ManualFetch<Values> many_;
  ManualFetch<tiercache::Refetched<std::optional<int>>> one_;
  Cache<Config> cache_;
  std::vector<Running<bool>> callers_;
};

}  // namespace

TEMPLATE_TEST_CASE("P11: the sums hold after every operation of random programs with bulk and conditional fetches", "",
                   Shared, Local) {
  std::uint64_t renewed = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    Program<TestType> program(seed);
    for (int step = 0; step < 300; ++step) {
      program.step();
      program.check(false);
    }
    program.end();
    program.check(true);
    renewed += program.renewed();
  }
  CHECK(renewed > 100);
}
