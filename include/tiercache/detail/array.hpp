// Array: elements in one piece of memory, with one owner. For where std::unique_ptr<T[]> would be the only reason to
// include <memory>, which costs a tenth of all that this library includes.
#pragma once

#include <cstddef>
#include <utility>

namespace tiercache::detail {

/// Owns elements of type `T`, or nothing. How many is known to its owner.
template <class T>
class Array {
 public:
  Array() noexcept = default;
  /// Makes elements by default. Throws `std::bad_alloc`.
  explicit Array(std::size_t size) : elements_(new T[size]()) {}
  Array(Array&& other) noexcept : elements_(other.release()) {}
  Array& operator=(Array other) noexcept {
    std::swap(elements_, other.elements_);
    return *this;
  }
  ~Array() { delete[] elements_; }

  [[nodiscard]] explicit operator bool() const noexcept { return elements_ != nullptr; }
  [[nodiscard]] T* get() const noexcept { return elements_; }
  [[nodiscard]] T& operator[](std::size_t i) const noexcept { return elements_[i]; }

  /// Leaves the elements to the caller.
  T* release() noexcept { return std::exchange(elements_, nullptr); }

 private:
  T* elements_ = nullptr;
};

}  // namespace tiercache::detail
