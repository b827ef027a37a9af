// Reference: a counted pointer to an object that counts its owners itself.
#pragma once

#include <utility>

namespace tiercache::detail {

/// Owns a share of a `T`, which has `add_owner()` and `remove_owner()`, the latter deleting it when it was the last. A
/// new `T` has one owner.
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
