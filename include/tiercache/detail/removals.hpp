// Removals: the entries that one operation dropped, on their way out of the tier. Their listener is called and their
// keys and values are destroyed here, after the tier's lock was released.
#pragma once

#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/entry.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/removal_cause.hpp>

#include <cstddef>
#include <utility>

namespace tiercache::detail {

/// Who is told of removals from tier `T`, whatever it is.
template <class T, class Threading>
class Listener : public Counted<Listener<T, Threading>, typename Threading::ReferenceCount> {
 public:
  virtual void call(const typename T::key_type& key, const typename T::value_type& value, RemovalCause cause) = 0;

 protected:
  friend Counted<Listener, typename Threading::ReferenceCount>;
  virtual ~Listener() = default;
};

/// A listener that was made from a callable object.
template <class T, class Threading, class F>
class ListenerOf final : public Listener<T, Threading> {
 public:
  template <class G>
  explicit ListenerOf(std::in_place_t, G&& function) : function_(std::forward<G>(function)) {}

  void call(const typename T::key_type& key, const typename T::value_type& value, RemovalCause cause) override {
    if constexpr (is_unkeyed<T>) {
      static_cast<void>(key);
      function_(value, cause);
    } else {
      function_(key, value, cause);
    }
  }

 private:
  F function_;
};

/// Collects removed entries under the lock; reports and destroys them, in the order they left, when it is destroyed.
/// So it is declared before the lock is taken.
template <class T, class Threading>
class Removals {
 public:
  using Entry = detail::Entry<T>;
  using OwnedEntry = detail::OwnedEntry<T, Threading::can_block>;

  Removals() = default;
  Removals(const Removals&) = delete;
  Removals& operator=(const Removals&) = delete;

  void add(OwnedEntry entry, RemovalCause cause, const Reference<Listener<T, Threading>>& listener) noexcept {
    if (!listener_) listener_ = listener;
    slab_ = entry.slab();
    Entry* const added = entry.release();
    added->cause = cause;
    added->next = nullptr;
    (last_ != nullptr ? last_->next : first_) = added;
    last_ = added;
  }

  ~Removals() {
    while (first_ != nullptr) {
      const OwnedEntry entry(std::exchange(first_, first_->next), slab_);
      if (listener_ && entry->has_value()) report(*entry);
    }
  }

  /// Runs `visit(key, value)` on all, with null for a value that there is none of.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const Entry* entry = first_; entry != nullptr; entry = entry->next) {
      visit(entry->key, entry->has_value() ? &entry->value : nullptr);
    }
  }

 private:
  // The entry has left whatever the listener throws, and there is nobody to hand it to.
  void report(const Entry& entry) noexcept {
    TIERCACHE_TRY {
      listener_->call(entry.key, entry.value, entry.cause);
    }
    TIERCACHE_CATCH_ALL {}
  }

  Entry* first_ = nullptr;
  Entry* last_ = nullptr;
  typename OwnedEntry::Slab* slab_ = nullptr;
  Reference<Listener<T, Threading>> listener_;
};

}  // namespace tiercache::detail
