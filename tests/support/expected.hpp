// Expected: a type like std::expected, which C++20 does not have.
#pragma once

#include <optional>
#include <utility>

namespace support {

template <class E>
struct Unexpected {
  E error;
};

template <class T, class E>
class Expected {
 public:
  Expected(T value) : value_(std::move(value)) {}
  Expected(Unexpected<E> error) : error_(std::move(error.error)) {}

  [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
  [[nodiscard]] T& operator*() & { return value_.value(); }
  [[nodiscard]] const T& operator*() const& { return value_.value(); }
  [[nodiscard]] T&& operator*() && { return std::move(value_).value(); }
  [[nodiscard]] const E& error() const { return error_.value(); }

 private:
  // No std::variant of strings: the one of libstdc++ 12 destroys what it did not construct when a copy throws.
  std::optional<T> value_;
  std::optional<E> error_;
};

}  // namespace support
