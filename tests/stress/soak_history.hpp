// What a call of the soak may see (P4): where each value comes from, and which values an invalidation has put an end
// to. It knows no cache.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace soak {

inline constexpr std::size_t thread_count = 4;
inline constexpr std::size_t tier_count = 4;
inline constexpr std::uint32_t key_count = 4096;
/// The last keys are fetched by one thread only, so many by each.
inline constexpr std::uint32_t own_key_count = 8;
inline constexpr std::uint32_t shared_key_count = key_count - own_key_count * thread_count;
/// `invalidate_if` means all keys that leave the same rest when they are divided by this.
inline constexpr std::uint32_t rests = 8;

/// Where a value comes from: from source 0, all fetches, or from the puts of one thread; and the how many-th of that it
/// is, counted from 1.
struct Origin {
  std::size_t source = 0;
  std::uint64_t number = 0;
};

/// For each source, the number of its last value: of the last fetch that had begun, of the last put that had returned.
/// That of puts is by thread since a put which began before an invalidation may be stored after it.
using Moment = std::array<std::uint64_t, 1 + thread_count>;

[[nodiscard]] inline bool is_from_before(const Origin& origin, const Moment& moment) {
  return origin.number <= moment[origin.source];
}

class History {
 public:
  /// To be called in a fetcher, first of all. It may be later than the fetch's beginning, never earlier: no false
  /// alarm.
  [[nodiscard]] Origin begin_fetch() { return {.source = 0, .number = ++counts_[0]}; }
  /// A thread begins a put; if it returns, it is to be ended. No put begins within another of the thread.
  [[nodiscard]] Origin begin_put(std::size_t thread) const {
    return {.source = 1 + thread, .number = counts_[1 + thread].load() + 1};
  }
  void end_put(const Origin& put) { counts_[put.source].store(put.number); }

  /// To be read before an invalidation begins: no call that starts after it has returned may see a value from before.
  [[nodiscard]] Moment now() const {
    Moment moment{};
    std::ranges::transform(counts_, moment.begin(), [](const auto& count) { return count.load(); });
    return moment;
  }

  // To be called when the invalidation has returned.

  void key_invalidated(std::size_t tier, std::uint32_t key, const Moment& before) {
    tiers_[tier].keys[key].raise_to(before);
  }
  void rest_invalidated(std::size_t tier, std::uint32_t rest, const Moment& before) {
    tiers_[tier].rests[rest].raise_to(before);
  }
  void tier_invalidated(std::size_t tier, const Moment& before) { tiers_[tier].whole.raise_to(before); }

  /// To be read before a call starts: it must not see a value of the key that is from before this.
  [[nodiscard]] Moment settled(std::size_t tier, std::uint32_t key) const {
    Moment latest{};
    const Tier& of_tier = tiers_[tier];
    of_tier.whole.raise(latest);
    of_tier.rests[key % soak::rests].raise(latest);
    of_tier.keys[key].raise(latest);
    return latest;
  }

 private:
  /// The latest of the moments before the invalidations that have returned.
  class Settled {
   public:
    void raise_to(const Moment& moment) {
      for (std::size_t i = 0; i < moment.size(); ++i) {
        std::uint64_t known = numbers_[i].load();
        while (known < moment[i] && !numbers_[i].compare_exchange_weak(known, moment[i])) {}
      }
    }
    void raise(Moment& moment) const {
      for (std::size_t i = 0; i < moment.size(); ++i) moment[i] = std::max(moment[i], numbers_[i].load());
    }

   private:
    std::array<std::atomic<std::uint64_t>, 1 + thread_count> numbers_{};
  };
  struct Tier {
    Settled whole;
    std::array<Settled, soak::rests> rests;
    std::vector<Settled> keys = std::vector<Settled>(key_count);
  };

  std::array<std::atomic<std::uint64_t>, 1 + thread_count> counts_{};
  std::array<Tier, tier_count> tiers_;
};

}  // namespace soak
