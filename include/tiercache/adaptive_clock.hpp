// AdaptiveClock: the default eviction policy. The other policies, and what a policy is, live in eviction.hpp.
#pragma once

#include <tiercache/detail/bounds.hpp>
#include <tiercache/detail/eviction_queue.hpp>
#include <tiercache/detail/frequency_sketch.hpp>
#include <tiercache/detail/ghosts.hpp>
#include <tiercache/detail/slab.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tiercache {

/// Keeps what is asked for often or was asked for lately, whichever pays off, and is not swept empty by a scan. A hit
/// raises a small counter in the entry and does nothing else; a miss does a bounded number of steps.
///
/// A new entry waits in a *window*, first in first out with a second chance for what was read. Who leaves the window
/// is admitted to the *main* space, a CLOCK (Corbato 1968) with counters of two bits, only if it was asked for more
/// often than the one that would have to go from there (TinyLFU: Einziger, Friedman, Manes 2017), by a count-min sketch
/// which remembers those that are gone too. The split is steered by a short list of *ghosts*, hashes of those who were
/// turned away (as in ARC: Megiddo, Modha 2003): one that is asked for again makes the window larger; an entry of the
/// main space that is read although its counter had been used up makes it smaller.
///
/// Takes, beside the entries, 8 to 16 bytes for the sketch and 1.3 for the ghosts per entry of the capacity, once it is
/// half full.
class AdaptiveClock {
 public:
  /// What the policy keeps in each entry.
  struct Node : detail::EvictionLinks {
    /// How often it was read, up to 3, since a hand passed. Several threads may read it, and count, at once: a count
    /// may get lost.
    std::atomic<std::uint8_t> counter = 0;
    /// Whether it is in the main space, as opposed to the window.
    std::uint8_t is_main : 1 = 0;
    /// Whether the counter has been 0 since the hand last passed, or since it was admitted. In the main space only.
    std::uint8_t is_spent : 1 = 0;
  };

  /// It is asked for a victim after a new entry was inserted, and chooses among all.
  static constexpr bool has_admission = true;

  /// Adapts to another capacity. The window keeps its share; what is remembered is forgotten if the change is large.
  void resize(std::size_t capacity) noexcept {
    if (capacity == capacity_) return;
    const auto size = static_cast<double>(capacity);
    const double share = capacity_ == 0 ? first_window : target_ / static_cast<double>(capacity_);
    least_window_ = detail::larger(1.0, least_share * size);
    most_window_ = detail::larger(1.0, most_share * size);
    target_ = detail::within(share * size, least_window_, most_window_);
    capacity_ = capacity;
    ghost_capacity_ = detail::larger(std::size_t{1}, static_cast<std::size_t>(ghost_share * size));
    if (capacity / 2 > remembered_ || capacity < remembered_ / 2) {
      sketch_.clear();
      ghosts_.clear();
    }
  }

  /// Puts `entry` into the window; or, if it was turned away lately and now deserves better, into the main space.
  void insert(const auto& entries, detail::Slot entry) noexcept {
    const std::uint32_t hash = entries.hash(entry);
    if (!sketch_.is_ready() && 2 * size() >= capacity_) {
      remembered_ = capacity_;
      sketch_.start(capacity_);
      ghosts_.start(ghost_capacity_);
    }
    sketch_.count(hash);
    entries[entry].counter.store(0, relaxed);
    newest_ = entry;
    doomed_ = detail::no_slot;
    if (ghosts_.erase(hash)) {
      vote(1.0);
      if (size() >= capacity_ && main_.size() != 0) {
        const detail::Slot rival = victim_of_main(entries);
        if (beats(hash, entries.hash(rival))) {
          add_to_main(entries, entry);
          doomed_ = rival;
          return;
        }
      }
    }
    entries[entry].is_main = 0;
    window_.push_newest(entries, entry);
    if (size() <= capacity_) drain_window(entries, 0.0);
  }

  /// Has the memory brought near that inserting an entry with this hash will need, and evicting another for it: on a
  /// miss all of it is somewhere else, and far away if the tier is large.
  void prefetch(const auto& entries, std::uint32_t hash) const noexcept {
    sketch_.prefetch(hash);
    ghosts_.prefetch(hash);
    if (window_.size() == 0) return;
    const detail::Slot oldest = window_.oldest();
    entries.prefetch(oldest);
    sketch_.prefetch(entries.hash(oldest));
    ghosts_.prefetch(entries.hash(oldest));
  }

  /// Notes that the entry was read.
  void hit(Node& node) noexcept {
    const std::uint8_t counter = node.counter.load(relaxed);
    if (counter < 3) node.counter.store(static_cast<std::uint8_t>(counter + 1), relaxed);
  }

  /// Puts `fresh` in the place of `old`, with its counter.
  void replace(const auto& entries, detail::Slot old, detail::Slot fresh) noexcept {
    entries[fresh].counter.store(entries[old].counter.load(relaxed), relaxed);
    entries[fresh].is_main = entries[old].is_main;
    entries[fresh].is_spent = entries[old].is_spent;
    (entries[old].is_main != 0 ? main_ : window_).replace(entries, old, fresh);
    if (doomed_ == old) doomed_ = detail::no_slot;
    newest_ = fresh;
  }

  /// Forgets `entry`.
  void erase(const auto& entries, detail::Slot entry) noexcept {
    if (doomed_ == entry) doomed_ = detail::no_slot;
    if (newest_ == entry) newest_ = detail::no_slot;
    if (entries[entry].is_main != 0) {
      main_.erase(entries, entry);
      spent_ -= entries[entry].is_spent;
    } else {
      window_.erase(entries, entry);
    }
  }

  /// Lets the window's oldest entry and the main space's contend, and returns the one that goes: never the one that
  /// came last, if there is another.
  [[nodiscard]] detail::Slot victim(const auto& entries) noexcept {
    if (doomed_ != detail::no_slot) return doomed_;
    // Who is there beyond the capacity stays in the window until it contends. Where weight is what is bounded that may
    // be many, now and then: let into the main space, they would push out what is asked for more often.
    drain_window(entries, detail::larger(1.0, static_cast<double>(size()) - static_cast<double>(capacity_)));
    const bool has_rival = main_.size() > 1 || (main_.size() == 1 && main_.oldest() != newest_);
    if (has_rival && !is_window_above(target_)) return victim_of_main(entries);
    if (window_.size() == 0) return newest_;
    if (window_.oldest() == newest_) window_.make_newest(entries, newest_);
    const detail::Slot candidate = window_.oldest();
    const std::uint32_t hash = entries.hash(candidate);
    if (has_rival) {
      const detail::Slot rival = victim_of_main(entries);
      if (beats(hash, entries.hash(rival))) {
        window_.erase(entries, candidate);
        add_to_main(entries, candidate);
        return rival;
      }
    }
    ghosts_.add(hash);
    return candidate;
  }

 private:
  static constexpr auto relaxed = std::memory_order_relaxed;

  // Measured, on traces of databases, disks and web shops: see the reference that the tests replay.
  static constexpr double first_window = 0.05;
  static constexpr double least_share = 0.01;
  static constexpr double most_share = 0.99;
  static constexpr double ghost_share = 0.2;
  static constexpr double main_vote = 0.9;
  static constexpr unsigned margin = 1;
  // A hand that met only entries which were read would go on for as long as the tier is large.
  static constexpr int most_steps = 32;

  [[nodiscard]] std::size_t size() const noexcept { return window_.size() + main_.size(); }

  [[nodiscard]] bool is_window_above(double size) const noexcept { return static_cast<double>(window_.size()) > size; }

  [[nodiscard]] bool beats(std::uint32_t candidate, std::uint32_t rival) const noexcept {
    return sketch_.estimate(candidate) > sketch_.estimate(rival) + margin;
  }

  void vote(double change) noexcept { target_ = detail::within(target_ + change, least_window_, most_window_); }

  void add_to_main(const auto& entries, detail::Slot entry) noexcept {
    entries[entry].counter.store(0, relaxed);
    entries[entry].is_main = 1;
    entries[entry].is_spent = 1;
    ++spent_;
    main_.push_newest(entries, entry);
  }

  /// Brings the window down to `excess` over its target: the oldest go to the main space, but for those that were read,
  /// which stay once more. Then, the oldest was not read.
  void drain_window(const auto& entries, double excess) noexcept {
    std::size_t chances = detail::smaller(window_.size(), static_cast<std::size_t>(most_steps));
    for (int steps = 0; steps < 2 * most_steps && is_window_above(target_); ++steps) {
      const detail::Slot oldest = window_.oldest();
      if (entries[oldest].counter.load(relaxed) != 0 && chances != 0) {
        --chances;
        entries[oldest].counter.store(0, relaxed);
        sketch_.count(entries.hash(oldest));
        window_.make_newest(entries, oldest);
        continue;
      }
      if (oldest == newest_ && window_.size() > 1) {
        window_.make_newest(entries, oldest);
        continue;
      }
      if (!is_window_above(target_ + excess)) return;
      window_.erase(entries, oldest);
      add_to_main(entries, oldest);
    }
  }

  /// Moves the hand of the main space, and returns where it stops: at one that did not come last. Wants such a one.
  [[nodiscard]] detail::Slot victim_of_main(const auto& entries) noexcept {
    for (int steps = 0; steps < most_steps; ++steps) {
      const detail::Slot oldest = main_.oldest();
      auto& node = entries[oldest];
      const std::uint8_t counter = node.counter.load(relaxed);
      if (counter == 0) break;
      sketch_.count(entries.hash(oldest));
      if (node.is_spent != 0) {
        const double scarcity = static_cast<double>(ghost_capacity_) / static_cast<double>(spent_);
        vote(-main_vote * detail::smaller(10.0, scarcity));
        node.is_spent = 0;
        --spent_;
      }
      node.counter.store(static_cast<std::uint8_t>(counter - 1), relaxed);
      if (counter == 1) {
        node.is_spent = 1;
        ++spent_;
      }
      main_.make_newest(entries, oldest);
    }
    if (main_.oldest() == newest_) main_.make_newest(entries, newest_);
    return main_.oldest();
  }

  detail::EvictionQueue window_;
  detail::EvictionQueue main_;
  detail::FrequencySketch sketch_;
  detail::Ghosts ghosts_;
  std::size_t capacity_ = 0;
  std::size_t ghost_capacity_ = 1;
  std::size_t remembered_ = 0;
  std::size_t spent_ = 0;
  double target_ = 1.0;
  double least_window_ = 1.0;
  double most_window_ = 1.0;
  detail::Slot doomed_ = detail::no_slot;
  detail::Slot newest_ = detail::no_slot;
};

}  // namespace tiercache
