// Lifetimes: how long each entry of a tier is fresh, and how long it is of use after that. The arithmetic is that of
// ttl.hpp; what becomes of an entry is the business of detail/contents.hpp.
#pragma once

#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/entry.hpp>
#include <tiercache/detail/slot_array.hpp>
#include <tiercache/tier.hpp>
#include <tiercache/ttl.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <new>
#include <optional>

namespace tiercache::detail {

/// What an entry is good for: for everybody; to be served while a new value is fetched; to be handed out if that fails;
/// for nobody.
enum class Use : unsigned char { fresh, stale, on_failure, dead };

/// The times to live of the entries of a tier: the policy's, but for those with one of their own, which few have and
/// which are kept apart, as is everything else that few tiers ask for.
template <class T>
class Lifetimes {
 public:
  explicit Lifetimes(const TierPolicy& policy) noexcept { follow(policy); }

  /// Follows another policy from now on, for the entries that there are too.
  void follow(const TierPolicy& policy) noexcept {
    of_values_ = policy.ttl.duration();
    of_absences_ = policy.not_found_ttl.duration();
    stale_for_ = policy.stale_for.duration();
    stale_if_error_ = policy.stale_if_error.duration();
    retry_after_ = policy.retry_after.duration();
    idle_for_ = policy.idle_for.duration();
    jitter_ = policy.jitter;
    usual_ = jitter_ > 0 || is_idling() ? Content{no_content} : Content::value;
  }

  /// Whether entries are dropped that nobody reads.
  [[nodiscard]] bool is_idling() const noexcept { return idle_for_ != std::chrono::nanoseconds::zero(); }

  /// Makes sure that all can be kept of an entry, its own TTL too if it is to have one. Throws `std::bad_alloc` and has
  /// changed nothing.
  void reserve(Slot slot, bool has_own_ttl) {
    if (has_own_ttl) own_.reserve(slot);
    if (is_idling()) reads_.reserve(slot);
  }

  /// Has an entry, which comes at `now`, live from `start` on, for `own`, if that is given. Wants a `reserve` before.
  void set(const Found<T>& entry, TimePoint start, const std::optional<Ttl>& own, TimePoint now) noexcept {
    ::new (static_cast<void*>(&entry->stored_at)) TimePoint(start);
    entry->set_own_ttl(own.has_value());
    if (own) own_[entry.slot] = own->duration();
    note_read(entry, now);
    if (Retry* const retry = retries_.find(entry.slot)) *retry = Retry();
  }

  /// Returns the TTL that an entry has of its own, if it does.
  [[nodiscard]] std::optional<Ttl> own_ttl_of(const Found<T>& entry) const noexcept {
    return entry->has_own_ttl() ? std::optional<Ttl>(own_[entry.slot]) : std::nullopt;
  }

  /// Notes that an entry, which is not usual, answered a lookup.
  void note_read(const Found<T>& entry, TimePoint now) noexcept {
    if (!is_idling()) return;
    if (std::atomic<std::int64_t>* const read_at = reads_.find(entry.slot)) {
      read_at->store(now.time_since_epoch().count(), std::memory_order_relaxed);
    }
  }

  /// Notes that a fetch failed which was to replace the entry.
  void note_failure(const Found<T>& entry, TimePoint now) {
    if (retry_after_ == std::chrono::nanoseconds::zero()) return;
    retries_.reserve(entry.slot);
    retries_[entry.slot].not_before = deadline_of(now, retry_after_);
  }
  /// Tells whether it is too early to try again.
  [[nodiscard]] bool waits_to_retry(const Found<T>& entry, TimePoint now) const noexcept {
    const Retry* const retry = retries_.find(entry.slot);
    return retry != nullptr && now < retry->not_before;
  }

  /// Tells whether nothing but the policy's TTL says whether an entry is fresh: then `is_usual_fresh` does. So it is
  /// for every value, unless the tier or its fetchers ask for more.
  [[nodiscard]] bool is_usual(const Found<T>& entry) const noexcept { return entry->content == usual_; }
  [[nodiscard]] bool is_usual_fresh(const Found<T>& entry, TimePoint now) const noexcept {
    return is_alive(now, entry->stored_at, of_values_);
  }

  /// Returns the TTL of an entry. `hash_of(entry)` returns the hash of its key.
  template <class HashOf>
  [[nodiscard]] std::chrono::nanoseconds ttl_of(const Found<T>& entry, const HashOf& hash_of) const noexcept {
    if (is_usual(entry)) return of_values_;
    const std::chrono::nanoseconds whole =
        entry->has_own_ttl() ? own_[entry.slot] : (entry->has_value() ? of_values_ : of_absences_);
    return jitter_ > 0 ? shortened(whole, hash_of(*entry)) : whole;
  }

  template <class HashOf>
  [[nodiscard]] bool is_fresh(const Found<T>& entry, TimePoint now, const HashOf& hash_of) const noexcept {
    return is_alive(now, entry->stored_at, ttl_of(entry, hash_of)) && (is_usual(entry) || !is_idle(entry, now));
  }

  /// Tells what an entry is good for.
  template <class HashOf>
  [[nodiscard]] Use use_of(const Found<T>& entry, TimePoint now, const HashOf& hash_of) const noexcept {
    const std::chrono::nanoseconds ttl = ttl_of(entry, hash_of);
    if (!is_usual(entry) && is_idle(entry, now)) return Use::dead;
    if (is_alive(now, entry->stored_at, ttl)) return Use::fresh;
    if (!entry->has_value()) return Use::dead;
    const TimePoint expires_at = deadline_of(entry->stored_at, ttl);
    if (is_alive(now, expires_at, stale_for_)) return Use::stale;
    return is_alive(now, deadline_of(expires_at, stale_for_), stale_if_error_) ? Use::on_failure : Use::dead;
  }

 private:
  /// When a fetch may be tried again: at any time, also before the epoch, unless one failed.
  struct Retry {
    TimePoint not_before = (TimePoint::min)();
  };

  // What no entry's content is equal to.
  static constexpr unsigned char no_content = 0xff;

  [[nodiscard]] bool is_idle(const Found<T>& entry, TimePoint now) const noexcept {
    if (!is_idling() || !entry->has_value()) return false;
    const std::atomic<std::int64_t>* const read_at = reads_.find(entry.slot);
    const TimePoint since = read_at != nullptr
                                ? TimePoint(std::chrono::nanoseconds(read_at->load(std::memory_order_relaxed)))
                                : entry->stored_at;
    return !is_alive(now, since, idle_for_);
  }

  /// Takes off a length of time the share of the jitter that a hash decides.
  [[nodiscard]] std::chrono::nanoseconds shortened(std::chrono::nanoseconds whole, std::uint32_t hash) const noexcept {
    if (whole == forever.duration()) return whole;
    // spread() for all tiers to cut a key's TTL by another share, and for the index to use other bits.
    const double share = static_cast<double>(spread(hash) >> 11) * 0x1p-53;
    const double cut = static_cast<double>(whole.count()) * jitter_ * share;
    return whole - std::chrono::nanoseconds(static_cast<std::int64_t>(cut));
  }

  std::chrono::nanoseconds of_values_{};
  std::chrono::nanoseconds of_absences_{};
  /// The content of entries for which the policy's TTL is all that counts.
  Content usual_ = Content::value;
  std::chrono::nanoseconds stale_for_{};
  std::chrono::nanoseconds stale_if_error_{};
  std::chrono::nanoseconds retry_after_{};
  std::chrono::nanoseconds idle_for_{};
  double jitter_ = 0;
  SlotArray<std::chrono::nanoseconds> own_;
  SlotArray<std::atomic<std::int64_t>> reads_;
  SlotArray<Retry> retries_;
};

/// Returns from when an entry counts as stored: `claimed`, unless it is not set or later than `latest`.
[[nodiscard]] inline TimePoint stored_at_or(TimePoint claimed, TimePoint latest) noexcept {
  return claimed == TimePoint{} || claimed > latest ? latest : claimed;
}

}  // namespace tiercache::detail
