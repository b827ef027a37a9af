// Lifetimes: how long each entry of a tier lives. The arithmetic is that of ttl.hpp; what becomes of an entry that is
// past its deadline is the business of detail/contents.hpp.
#pragma once

#include <tiercache/detail/entry.hpp>
#include <tiercache/detail/slot_array.hpp>
#include <tiercache/tier.hpp>
#include <tiercache/ttl.hpp>

#include <chrono>
#include <optional>

namespace tiercache::detail {

/// The times to live of the entries of a tier: the policy's, but for those with one of their own, which few have and
/// which are kept apart.
template <class T>
class Lifetimes {
 public:
  explicit Lifetimes(const TierPolicy& policy) noexcept { follow(policy); }

  /// Follows another policy from now on, for the entries that there are too.
  void follow(const TierPolicy& policy) noexcept {
    of_values_ = policy.ttl.duration();
    of_absences_ = policy.not_found_ttl.duration();
  }

  /// Makes sure that an entry can have its own TTL. Throws `std::bad_alloc` and has changed nothing.
  void reserve(Slot slot) { own_.reserve(slot); }

  /// Has an entry live from `start` on, for `own`, if that is given. Wants a `reserve` then.
  void set(const Found<T>& entry, TimePoint start, const std::optional<Ttl>& own) noexcept {
    ::new (static_cast<void*>(&entry->stored_at)) TimePoint(start);
    entry->set_own_ttl(own.has_value());
    if (own) own_[entry.slot] = own->duration();
  }

  [[nodiscard]] std::chrono::nanoseconds ttl_of(const Found<T>& entry) const noexcept {
    if (entry->content == Content::value) [[likely]] {
      return of_values_;
    }
    return entry->has_own_ttl() ? own_[entry.slot] : of_absences_;
  }

  [[nodiscard]] bool is_fresh(const Found<T>& entry, TimePoint now) const noexcept {
    return is_alive(now, entry->stored_at, ttl_of(entry));
  }

 private:
  std::chrono::nanoseconds of_values_{};
  std::chrono::nanoseconds of_absences_{};
  SlotArray<std::chrono::nanoseconds> own_;
};

/// Returns from when an entry counts as stored: `claimed`, unless it is not set or later than `latest`.
[[nodiscard]] inline TimePoint stored_at_or(TimePoint claimed, TimePoint latest) noexcept {
  return claimed == TimePoint{} || claimed > latest ? latest : claimed;
}

}  // namespace tiercache::detail
