// Forgetting: plays what drops entries: invalidations with their cascades, clear and trim.
#pragma once

#include "choices.hpp"
#include "operations.hpp"
#include "reference_bulk.hpp"
#include "stage.hpp"
#include "tiers.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>

namespace model {

template <class Config, class Eviction>
class Forgetting : public Stage<Config, Eviction> {
  using Base = Stage<Config, Eviction>;

 protected:
  using Base::expect;
  using Base::subject_;
  using Base::tier;
  using typename Base::Subject;
  template <std::size_t number>
  using TierAt = typename Base::template TierAt<number>;

  using Base::Base;
  ~Forgetting() = default;

  /// Which keys of a tier, and what follows from that: boards from cards, the motto from boards. All at once, for the
  /// order is not seen. Returns how many are dropped.
  std::size_t forget(std::size_t number, const std::set<int>& keys) {
    std::size_t dropped = 0;
    std::set<int> board_keys;
    bool is_motto_meant = number == motto;
    if (number == cards) {
      for (const int key : keys) {
        const Held* const held = tier(cards).find(key);
        const bool has_value = held != nullptr && held->has_value();
        if (const auto board = board_of(key, has_value ? std::optional(held->value) : std::nullopt)) {
          board_keys.insert(*board);
        }
      }
      dropped += drop(cards, keys, RemovalCause::Invalidated);
    }
    if (number == boards) board_keys = keys;
    for (const int key : board_keys) tier(boards).supersede(key);
    dropped += drop(boards, board_keys, number == boards ? RemovalCause::Invalidated : RemovalCause::Cascaded);
    if (!board_keys.empty()) tier(motto).supersede_all();
    const Held* const held = tier(motto).find(0);
    if (held != nullptr && !board_keys.empty()) {
      is_motto_meant = !held->has_value() || std::any_of(board_keys.begin(), board_keys.end(),
                                                         [&](int board) { return is_motto_of(board, held->value); });
    }
    const RemovalCause cause = number == motto ? RemovalCause::Invalidated : RemovalCause::Cascaded;
    return dropped + drop(motto, is_motto_meant ? std::set{0} : std::set<int>(), cause);
  }
  std::size_t drop(std::size_t number, const std::set<int>& keys, RemovalCause cause) {
    const auto is_meant = [&keys](const Held& held) { return keys.contains(held.key); };
    return tier(number).drop_if(is_meant, cause, subject_.see(number)).size();
  }
  std::size_t drop_dead(std::size_t number) { return tier(number).drop_dead(now(), subject_.see(number)); }

  template <std::size_t t>
  void invalidate(int key) {
    const std::size_t dropped = [&] {
      if constexpr (t != motto) return subject_.cache().template invalidate<TierAt<t>>(key_of<TierAt<t>>(key));
      if constexpr (t == motto) return subject_.cache().template invalidate<TierAt<t>>();
    }();
    tier(t).supersede(key);
    expect(dropped == forget(t, {key}), "invalidate");
  }
  template <std::size_t t>
  void invalidate_if(unsigned remainder) {
    const auto is_meant = [remainder](int key, int value) {
      return static_cast<unsigned>(key + value) % 4 == remainder;
    };
    const std::size_t dropped = [&] {
      using T = TierAt<t>;
      if constexpr (t != motto) {
        return subject_.cache().template invalidate_if<T>([&](const typename T::key_type& key, const Value& value) {
          return is_meant(number_of(key), value.number);
        });
      } else {
        return subject_.cache().template invalidate_if<T>(
            [&](const Value& value) { return is_meant(0, value.number); });
      }
    }();
    tier(t).supersede_all();
    std::set<int> keys;
    for (const auto& [key, held] : tier(t).held()) {
      if (!held.has_value() || is_meant(key, held.value)) keys.insert(key);
    }
    expect(dropped == (keys.empty() ? forget_nothing() : forget(t, keys)), "invalidate_if");
  }
  template <std::size_t t>
  void invalidate_tier() {
    const std::size_t dropped = subject_.cache().template invalidate<TierAt<t>>();
    tier(t).supersede_all();
    std::set<int> keys;
    for (const auto& [key, held] : tier(t).held()) keys.insert(key);
    expect(dropped == (keys.empty() ? forget_nothing() : forget(t, keys)), "invalidate a tier");
  }
  static std::size_t forget_nothing() noexcept { return 0; }

  void clear() {
    const std::size_t dropped = subject_.cache().clear();
    std::size_t expected = 0;
    for (const std::size_t number : {cards, boards, motto}) {
      tier(number).supersede_all();
      const auto all = [](const Held&) { return true; };
      expected += tier(number).drop_if(all, RemovalCause::Cleared, subject_.see(number)).size();
    }
    expect(dropped == expected, "clear");
  }
  template <std::size_t t>
  void trim(std::size_t count) {
    const std::size_t dropped = subject_.cache().template trim<TierAt<t>>(count);
    expect(dropped == tier(t).trim(count, subject_.see(t)), "trim");
  }
};

}  // namespace model
