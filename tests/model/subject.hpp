// Subject: the cache that a model test's program runs on, made so that a program does the same each time, and what can
// be seen of it. Looks inside: for files that are compiled with -fno-access-control (CMakeLists.txt).
#pragma once

#include "caller.hpp"
#include "configs.hpp"
#include "insides.hpp"
#include "operations.hpp"
#include "reference_bulk.hpp"
#include "tiers.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace model {

using tiercache::ManualClock;

/// Sets the clock, also to where `ManualClock::advance` does not get from where it starts.
inline void set_clock(std::uint8_t start) {
  static constexpr std::int64_t day = std::chrono::nanoseconds(24h).count();
  static constexpr std::int64_t first = (std::numeric_limits<std::int64_t>::min)();
  static constexpr std::int64_t last = (std::numeric_limits<std::int64_t>::max)();
  static constexpr std::int64_t starts[] = {
      day, first, first + 1, -60'000'000'000, -1, 0, 1, last - 3'600'000'000'000, last - 1, last};
  ManualClock::time_.store(choose(starts, start));
}
inline constexpr std::uint8_t start_count = 10;

[[nodiscard]] inline Wide now() noexcept {
  return wide(ManualClock::now());
}

template <class Config, class Eviction>
class Subject {
 public:
  using Tiers = std::tuple<Cards<Eviction>, Boards<Eviction>, Motto<Eviction>>;
  template <std::size_t tier>
  using Tier = std::tuple_element_t<tier, Tiers>;
  using Cache = tiercache::BasicTieredCache<Config, Tier<0>, Tier<1>, Tier<2>>;

  explicit Subject(const Program& program)
      : cache_(std::make_unique<Cache>(tiercache::with<Tier<0>>(policy_of(program.policies[0])),
                                       tiercache::with<Tier<1>>(policy_of(program.policies[1])),
                                       tiercache::with<Tier<2>>(policy_of(program.policies[2])))) {
    for_each_tier([&]<std::size_t tier>(std::integral_constant<std::size_t, tier>) {
      using T = Tier<tier>;
      auto& entries = tiercache::detail::StoreOf<T>::in(*cache_).contents_.entries_;
      using Mixer = tiercache::detail::HashMixer;
      std::construct_at(const_cast<Mixer*>(&entries.mixer_), program.hashes * 0x9e3779b97f4a7c15U + tier);
      tiers_[tier].emplace(
          [this](int key) { return fence_of<T>(key); }, fetches, verdict, order(), policy_of(program.policies[tier]),
          [this](std::chrono::nanoseconds whole, double jitter, int key) { return shortened<T>(whole, jitter, key); },
          reports_[tier]);
    });
  }
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  /// Calls `function` with the number of each tier, as a type.
  template <class Function>
  static void for_each_tier(const Function& function) {
    function(std::integral_constant<std::size_t, 0>());
    function(std::integral_constant<std::size_t, 1>());
    function(std::integral_constant<std::size_t, 2>());
  }
  template <class Function>
  static void with_tier(std::size_t tier, const Function& function) {
    if (tier == 0) function(std::integral_constant<std::size_t, 0>());
    if (tier == 1) function(std::integral_constant<std::size_t, 1>());
    if (tier == 2) function(std::integral_constant<std::size_t, 2>());
  }

  [[nodiscard]] Cache& cache() noexcept { return *cache_; }
  [[nodiscard]] bool is_open() const noexcept { return cache_ != nullptr; }
  [[nodiscard]] ReferenceTier& tier(std::size_t number) noexcept { return *tiers_[number]; }

  void close() {
    cache_.reset();
    for (auto& tier : tiers_) tier->close();
  }

  /// Has the removals of all tiers reported, or not. One that `throws` is to make no difference.
  void listen(bool listens, bool throws) {
    for_each_tier([&]<std::size_t number>(std::integral_constant<std::size_t, number>) {
      using T = Tier<number>;
      tiers_[number]->listen(listens);
      if (!listens) return cache_->template on_removal<T>(nullptr);
      if constexpr (is_keyed<T>) {
        cache_->template on_removal<T>(
            [this, throws](const typename T::key_type& key, const Value& value, RemovalCause cause) {
              reports_[number].push_back({number_of(key), value.number, cause});
              if (throws) throw FetchFailed("a listener's own trouble");
            });
      } else {
        cache_->template on_removal<T>([this, throws](const Value& value, RemovalCause cause) {
          reports_[number].push_back({0, value.number, cause});
          if (throws) throw FetchFailed("a listener's own trouble");
        });
      }
    });
  }

  void add_up_reports(std::array<std::uint64_t, 7>& sums) const {
    for (const auto& reports : reports_) {
      for (const Report& report : reports) ++sums[static_cast<std::size_t>(report.cause)];
    }
  }

  /// What can be seen of a tier now.
  [[nodiscard]] Seen see(std::size_t number) const {
    Seen seen;
    if (cache_ == nullptr) return seen;
    with_tier(number, [&]<std::size_t tier>(std::integral_constant<std::size_t, tier>) {
      auto& contents = tiercache::detail::StoreOf<Tier<tier>>::in(*cache_).contents_;
      auto& slab = contents.entries_.slab_;
      seen.places = slab.end();
      for (tiercache::detail::Slot slot = 0; slot < slab.end(); ++slot) {
        auto& entry = slab[slot];
        if (!entry.is_held) continue;
        seen.held.emplace_back(number_of(entry.key), entry.has_value() ? entry.value.number : Seen::none);
      }
      seen.evictions = contents.counted.evictions;
      seen.expirations = contents.counted.expirations;
      seen.reports = reports_[tier].size();
      seen.in_flight = tiercache::detail::StoreOf<Tier<tier>>::in(*cache_).flights_.size();
    });
    std::sort(seen.held.begin(), seen.held.end());
    return seen;
  }

  /// Compares all that can be seen of the cache with the reference, and looks whether its insides fit.
  /// The insides of other tiers than that of the operation are looked over less often, for that takes long.
  void compare(std::size_t number) {
    if (cache_ == nullptr) return;
    const bool looks_over_all = ++compared_ % 4 == 0;
    for_each_tier([&]<std::size_t tier>(std::integral_constant<std::size_t, tier>) {
      this->template compare_tier<Tier<tier>>(tier, looks_over_all || tier == number);
    });
  }
  void compare() {
    for (std::size_t tier = 0; tier < Program::tier_count; ++tier) compare(tier);
  }

  /// Compares the statistics of all tiers with those of each, and with themselves a moment earlier.
  void compare_all_stats() {
    const tiercache::CacheStats all = cache_->stats();
    const tiercache::CacheStats since = cache_->stats() - all;
    verdict.expect(all.size() == Program::tier_count, "there are statistics of all tiers");
    for_each_tier([&]<std::size_t tier>(std::integral_constant<std::size_t, tier>) {
      verdict.expect(all[tier] == cache_->template stats<Tier<tier>>(),
                     "the statistics of all tiers are those of each");
      for (const auto counter : tiercache::detail::counters) {
        verdict.expect(since[tier].*counter == 0, "nothing happened since");
      }
    });
  }

  /// Compares what `peek` shows of a key.
  template <class T>
  void compare_peek(const ReferenceTier& tier, int key) {
    const auto entry = [&] {
      if constexpr (is_keyed<T>) return cache_->template peek<T>(key_of<T>(key));
      if constexpr (!is_keyed<T>) return cache_->template peek<T>();
    }();
    const Held* const held = tier.find(key);
    verdict.expect(entry.has_value() == (held != nullptr && held->has_value()), "peek shows what is held");
    if (!entry) return;
    verdict.expect(entry->value.number == held->value && entry->value.weight == held->weight, "peek shows the value");
    verdict.expect(wide(entry->stored_at) == held->stored_at, "peek shows when it was stored");
    verdict.expect(wide(entry->ttl) == tier.ttl_of(*held), "peek shows the TTL");
    verdict.expect(entry->is_fresh(ManualClock::now()) == is_within(now(), held->stored_at, tier.ttl_of(*held)),
                   "an entry knows whether it is fresh");
    verdict.expect(wide(entry->expires_at()) == after(held->stored_at, tier.ttl_of(*held)),
                   "an entry knows when it expires");
  }

  Verdict verdict;
  Fetches fetches;

 private:
  static constexpr Order order() noexcept {
    if (std::is_same_v<Eviction, tiercache::Lru>) return Order::by_use;
    return std::is_same_v<Eviction, tiercache::OldestFirst> ? Order::by_write : Order::unknown;
  }

  template <class T>
  [[nodiscard]] std::chrono::nanoseconds shortened(std::chrono::nanoseconds whole, double jitter, int key) const {
    const tiercache::detail::Lifetimes<T> lifetimes(TierPolicy{.ttl = whole, .jitter = jitter});
    return lifetimes.shortened(whole, tiercache::detail::StoreOf<T>::in(*cache_).contents_.hash_of(key_of<T>(key)));
  }

  template <class T>
  [[nodiscard]] unsigned fence_of(int key) const {
    return tiercache::detail::StoreOf<T>::in(*cache_).contents_.hash_of(key_of<T>(key)) %
           tiercache::detail::Fences::places;
  }

  template <class T>
  void compare_tier(std::size_t number, bool looks_over_insides) {
    const ReferenceTier& tier = *tiers_[number];
    tiercache::TierStats expected = tier.stats();
    expected.name = T::name;
    expected.in_flight = tier.in_flight();
    const tiercache::TierStats stats = cache_->template stats<T>();
    verdict.expect(stats.lookups == stats.hits + stats.misses, "P11: lookups = hits + misses");
    verdict.expect(stats.hits >= stats.stale_hits + stats.not_found_hits, "P11: hits include the others");
    verdict.expect(stats.misses == stats.fetches_led + stats.fetches_joined + stats.lookups_without_fetch,
                   "P11: misses = fetches_led + fetches_joined + lookups_without_fetch");
    for (const auto counter : tiercache::detail::counters) {
      verdict.expect(stats.*counter == expected.*counter, "the counters are right");
    }
    verdict.expect(stats == expected, "the levels are right");
    verdict.expect(cache_->template size<T>() == tier.held().size(), "size");
    verdict.expect(cache_->template policy<T>() == tier.policy(), "policy");
    const char* const fault = looks_over_insides ? support::fault_inside<T>(*cache_) : nullptr;
    verdict.expect(fault == nullptr, fault);
    for (const auto& [key, held] : tier.held()) {
      compare_peek<T>(tier, key);
      if (tier.held().size() > 20) break;  // the others were compared with what is inside
    }
    tier_is_seen(tier, see(number));
  }
  void tier_is_seen(const ReferenceTier& tier, const Seen& seen) {
    auto at = seen.held.begin();
    for (const auto& [key, held] : tier.held()) {
      const bool is_same = at != seen.held.end() && *at == std::pair(key, held.value);
      verdict.expect(is_same, "what should be held is");
      ++at;
    }
    verdict.expect(at == seen.held.end(), "nothing else is held");
  }

  std::array<std::vector<Report>, Program::tier_count> reports_;
  std::array<std::optional<ReferenceTier>, Program::tier_count> tiers_;
  std::unique_ptr<Cache> cache_;
  unsigned compared_ = 0;
};

}  // namespace model
