// Sequence: a few elements, their number known when it is made. For where a std::vector would be the only one: that
// header is a twentieth of the cost of including this library.
#pragma once

#include <tiercache/detail/array.hpp>

#include <cstddef>
#include <initializer_list>
#include <utility>

namespace tiercache::detail {

/// Owns elements of type `T`, which can be copied but not added to.
template <class T>
class Sequence {
 public:
  Sequence() = default;
  Sequence(std::initializer_list<T> elements) : Sequence(elements.begin(), elements.size()) {}
  Sequence(const Sequence& other) : Sequence(other.begin(), other.size()) {}
  Sequence(Sequence&& other) noexcept
      : elements_(std::move(other.elements_)), size_(std::exchange(other.size_, std::size_t{0})) {}
  Sequence& operator=(Sequence other) noexcept {
    std::swap(elements_, other.elements_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Sequence() = default;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] T& operator[](std::size_t i) noexcept { return elements_[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return elements_[i]; }
  [[nodiscard]] const T* begin() const noexcept { return elements_.get(); }
  [[nodiscard]] const T* end() const noexcept { return elements_.get() + size_; }

  [[nodiscard]] friend bool operator==(const Sequence& left, const Sequence& right) noexcept {
    if (left.size_ != right.size_) return false;
    for (std::size_t i = 0; i < left.size_; ++i) {
      if (!(left[i] == right[i])) return false;
    }
    return true;
  }

 private:
  Sequence(const T* elements, std::size_t size) : elements_(size), size_(size) {
    for (std::size_t i = 0; i < size; ++i) elements_[i] = elements[i];
  }

  Array<T> elements_;
  std::size_t size_ = 0;
};

}  // namespace tiercache::detail
