// The eviction policies, and the concept that a policy of the user's own satisfies. A policy only decides who goes; how
// many must go, and finding an entry by its key, are the business of the tier.
#pragma once

#include <tiercache/detail/eviction_queue.hpp>
#include <tiercache/detail/slab.hpp>

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace tiercache {

/// The number of an entry within its tier, as policies in their full form see it.
using EntryNumber = detail::Slot;
/// Stands for no entry.
inline constexpr EntryNumber no_entry = detail::no_slot;
/// The links of an entry in an `EvictionQueue`: a policy's `Node`, or a base of it. `older` and `newer` are its
/// neighbours' numbers, `no_entry` at the ends: to be read while it is in a queue, and set by the queue alone.
using EvictionLinks = detail::EvictionLinks;
/// A doubly linked list of entries, from the oldest to the newest, for policies in their full form. It owns nothing and
/// allocates nothing; an entry is in one queue at a time. All takes constant time, throws nothing, and, but for the
/// last three, returns nothing.
/// - `push_newest(entries, entry)`: adds one that is in no queue.
/// - `erase(entries, entry)`: takes out one that is in this queue.
/// - `make_newest(entries, entry)`: moves one that is in this queue.
/// - `replace(entries, old, fresh)`: puts one that is in no queue where `old` is, and takes that one out.
/// - `oldest()`, `newest()`: an entry, or `no_entry`.
/// - `size()`: how many there are.
using EvictionQueue = detail::EvictionQueue;

namespace detail {

/// Stands for the entries of a tier in the concept of a policy.
template <class Node>
struct AnyEntries {
  [[nodiscard]] Node& operator[](Slot entry) const noexcept;
  [[nodiscard]] std::uint32_t hash(Slot entry) const noexcept;
  void prefetch(Slot entry) const noexcept;
};

/// A hit concerns nothing but the node of the entry.
template <class P>
concept HitsAlone = requires(P policy, typename P::Node& node) {
  { policy.hit(node) } noexcept;
};

}  // namespace detail

/// A policy in its plain form.
///
/// Every entry of the tier has the policy's `Node` in it, which holds what the policy wants to know of the entry: a
/// class that is not final. The policy owns none: it is told of each. All functions are `noexcept`, or the type is no
/// policy: they have to do without memory that may not be there. All come under the tier's lock, one at a time, and
/// should take constant time. What they return is ignored, but for `victim`.
/// - `insert(node)`: the entry was stored. The node is a new `Node{}` with each entry (that must not throw either). One
///   that takes the place of another under its key is inserted anew, once that one was erased.
/// - `hit(node)`: the entry answered a lookup.
/// - `erase(node)`: the entry leaves, for whatever reason.
/// - `victim()`: returns, as a `Node&`, the entry that should go next; `erase` is called for it then. Asked only when
///   there is one, and for room for a new one before that is inserted.
template <class P>
concept PlainEvictionPolicy = std::default_initializable<P> && std::default_initializable<typename P::Node> &&
                              requires(P policy, typename P::Node& node) {
                                { policy.insert(node) } noexcept;
                                { policy.hit(node) } noexcept;
                                { policy.erase(node) } noexcept;
                                { policy.victim() } noexcept -> std::same_as<typename P::Node&>;
                              };

/// A policy in its full form, which the library's own have: it knows entries by number, so that links take half the
/// room, and by the hash of their keys, so that it can remember them when they are gone.
///
/// What is said of the plain form goes for it too, but that a node is made once, and used for one entry after the
/// other: `insert` and `replace` set all of it that matters.
///
/// Take `entries` as `const auto&`: its type is the library's, and another one for each tier. It is good for the call.
/// `entries[number]` is an entry's `Node&`; `entries.hash(number)` its hash, a `std::uint32_t`, well mixed, and another
/// one in each cache; `entries.prefetch(number)` has the memory brought near that dropping the entry takes, but for the
/// entry.
/// - `resize(capacity)`: the tier is to hold so many entries (a `std::size_t`; `unbounded` for any number). Called
///   before anything else, and when that changes. It is the tier's `capacity`; but, to a policy with `has_admission`,
///   where weight allows fewer, an estimate: about the least that fitted lately, at least 1, once the tier was full.
///   More may be there: any time beside an estimate, and, when the capacity falls, until they were evicted.
/// - `insert(entries, entry)`, `erase(entries, entry)`: as in the plain form.
/// - `hit(entries, entry)`: as in the plain form. Or `hit(node)`, if a hit concerns nothing but the entry's own node.
///   Then threads that read need not wait for each other, and several may hit one node at once: what it changes is
///   atomic.
/// - `replace(entries, old, fresh)`: a new value was stored under a key: `fresh` comes in place of `old`, which leaves.
///   Where room has to be made for it, `erase` and `insert` are called instead. Where the value that is there was found
///   to be right still (`not_modified`), `old` is `fresh`.
/// - `victim(entries)`: returns the `EntryNumber` of the one that should go next. Asked only when there is one.
///
/// Room for a new entry is made before it is inserted; if the policy has `static constexpr bool has_admission = true`,
/// after that: it chooses among all, the new one included.
///
/// It may also have `prefetch(entries, hash) const`, called under the lock when something begins that may lead to an
/// `insert` of an entry with this hash and to a `victim`: it changes nothing, and has the memory brought near that they
/// will need. `AdaptiveClock` has one.
template <class P>
concept FullEvictionPolicy =
    std::default_initializable<P> && std::default_initializable<typename P::Node> &&
    requires(P policy, const detail::AnyEntries<typename P::Node>& entries, detail::Slot entry, std::size_t capacity) {
      { policy.resize(capacity) } noexcept;
      { policy.insert(entries, entry) } noexcept;
      { policy.replace(entries, entry, entry) } noexcept;
      { policy.erase(entries, entry) } noexcept;
      { policy.victim(entries) } noexcept -> std::same_as<detail::Slot>;
    } && (detail::HitsAlone<P> || requires(P policy, const detail::AnyEntries<typename P::Node>& entries) {
      { policy.hit(entries, detail::no_slot) } noexcept;
    });

/// What a tier's `eviction` may be.
template <class P>
concept EvictionPolicy = PlainEvictionPolicy<P> || FullEvictionPolicy<P>;

/// Evicts the entry that was written longest ago; storing under a key again makes its entry the newest. Reads change
/// nothing. With `TierPolicy::trim_to` it is the rule "over a hundred, keep the fifty newest".
class OldestFirst {
 public:
  /// What the policy keeps in each entry.
  using Node = EvictionLinks;

  /// Does nothing: the order is the same for every size.
  void resize(std::size_t) noexcept {}
  /// Makes `entry` the newest.
  void insert(const auto& entries, EntryNumber entry) noexcept { order_.push_newest(entries, entry); }
  /// Does nothing: reads do not matter.
  void hit(Node&) noexcept {}
  /// Makes `fresh` the newest and forgets `old`.
  void replace(const auto& entries, EntryNumber old, EntryNumber fresh) noexcept {
    order_.erase(entries, old);
    order_.push_newest(entries, fresh);
  }
  /// Forgets `entry`.
  void erase(const auto& entries, EntryNumber entry) noexcept { order_.erase(entries, entry); }
  /// Returns the one written longest ago.
  [[nodiscard]] EntryNumber victim(const auto&) const noexcept { return order_.oldest(); }

 private:
  EvictionQueue order_;
};

/// Evicts the entry that was read or written longest ago.
class Lru {
 public:
  /// What the policy keeps in each entry.
  using Node = EvictionLinks;

  /// Does nothing: the order is the same for every size.
  void resize(std::size_t) noexcept {}
  /// Makes `entry` the most recently used.
  void insert(const auto& entries, EntryNumber entry) noexcept { order_.push_newest(entries, entry); }
  /// Makes `entry` the most recently used.
  void hit(const auto& entries, EntryNumber entry) noexcept {
    if (order_.newest() != entry) order_.make_newest(entries, entry);
  }
  /// Makes `fresh` the most recently used and forgets `old`.
  void replace(const auto& entries, EntryNumber old, EntryNumber fresh) noexcept {
    order_.erase(entries, old);
    order_.push_newest(entries, fresh);
  }
  /// Forgets `entry`.
  void erase(const auto& entries, EntryNumber entry) noexcept { order_.erase(entries, entry); }
  /// Returns the least recently used.
  [[nodiscard]] EntryNumber victim(const auto&) const noexcept { return order_.oldest(); }

 private:
  EvictionQueue order_;
};

/// Evicts the oldest entry that was not read since the hand passed it last: a hit only sets a bit of the entry's own.
///
/// SIEVE (Zhang, Yang, Yue, Vigfusson, Rashmi: NSDI 2024). The hand goes from the oldest entry to the newest, forgives
/// those that were read, and stays where it found one that was not. After 64 steps it takes the next one as found, so
/// that no eviction takes long.
class Sieve {
 public:
  /// What the policy keeps in each entry.
  struct Node : EvictionLinks {
    /// Whether it was read since the hand passed. Several threads may read it at once.
    std::atomic<bool> is_visited = false;
  };

  /// Does nothing: the hand goes the same way for every size.
  void resize(std::size_t) noexcept {}
  /// Makes `entry` the newest, not read yet.
  void insert(const auto& entries, EntryNumber entry) noexcept {
    entries[entry].is_visited.store(false, std::memory_order_relaxed);
    order_.push_newest(entries, entry);
  }
  /// Notes that the entry was read.
  void hit(Node& node) noexcept {
    if (!node.is_visited.load(std::memory_order_relaxed)) node.is_visited.store(true, std::memory_order_relaxed);
  }
  /// Puts `fresh` in the place of `old`.
  void replace(const auto& entries, EntryNumber old, EntryNumber fresh) noexcept {
    entries[fresh].is_visited.store(entries[old].is_visited.load(std::memory_order_relaxed), std::memory_order_relaxed);
    order_.replace(entries, old, fresh);
    if (hand_ == old) hand_ = fresh;
  }
  /// Forgets `entry`.
  void erase(const auto& entries, EntryNumber entry) noexcept {
    if (hand_ == entry) hand_ = entries[entry].newer;
    order_.erase(entries, entry);
  }
  /// Moves the hand, and returns where it stops.
  [[nodiscard]] EntryNumber victim(const auto& entries) noexcept {
    if (hand_ == no_entry) hand_ = order_.oldest();
    for (int steps = 0; steps < 64 && entries[hand_].is_visited.load(std::memory_order_relaxed); ++steps) {
      entries[hand_].is_visited.store(false, std::memory_order_relaxed);
      hand_ = entries[hand_].newer;
      if (hand_ == no_entry) hand_ = order_.oldest();
    }
    return hand_;
  }

 private:
  EvictionQueue order_;
  EntryNumber hand_ = no_entry;
};

}  // namespace tiercache
