// Reference: a counted pointer to an object that counts its owners itself, and the base class of such objects.
#pragma once

#include <tiercache/detail/compiler.hpp>

#include <utility>

namespace tiercache::detail {

/// Counts the owners of the `T` that derives from it, and disposes of it with the last one. A new object has one.
template <class T, class Count>
class Counted {
 public:
  Counted() noexcept = default;
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  void add_owner() noexcept { owners_.add(); }
  void remove_owner() noexcept {
    if (owners_.remove()) static_cast<T*>(this)->dispose();
  }

 protected:
  ~Counted() = default;

  /// What becomes of it without owners, unless `T` knows better.
  // Inlined, GCC 12 takes the next owner's share for a use after free (-Wuse-after-free).
  TIERCACHE_NOINLINE void dispose() noexcept { delete static_cast<T*>(this); }

 private:
  Count owners_;
};

/// Owns a share of a `Counted` object.
template <class T>
class Reference {
 public:
  Reference() noexcept = default;
  /// Takes over the share of a new object.
  [[nodiscard]] static Reference adopt(T* object) noexcept { return Reference(object); }
  /// Adds a share of an object that somebody owns.
  [[nodiscard]] static Reference share(T& object) noexcept {
    object.add_owner();
    return Reference(&object);
  }

  Reference(const Reference& other) noexcept : object_(other.object_) {
    if (object_ != nullptr) object_->add_owner();
  }
  Reference(Reference&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Reference& operator=(Reference other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Reference() {
    if (object_ != nullptr) object_->remove_owner();
  }

  [[nodiscard]] explicit operator bool() const noexcept { return object_ != nullptr; }
  [[nodiscard]] T& operator*() const noexcept { return *object_; }
  [[nodiscard]] T* operator->() const noexcept { return object_; }

 private:
  explicit Reference(T* object) noexcept : object_(object) {}

  T* object_ = nullptr;
};

}  // namespace tiercache::detail
