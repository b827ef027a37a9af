// Answer: what a test's coroutine came to, as the base of its promise.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <exception>
#include <new>
#include <optional>
#include <utility>

namespace support {

template <class T>
class Answer {
 public:
  // Not by the global operator: tests count what that gives out, and make it fail, to see what the cache does.
  static void* operator new(std::size_t size) {
    if (void* const memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
  }
  static void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

  template <class U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  void unhandled_exception() noexcept { exception_ = std::current_exception(); }

  [[nodiscard]] T& get() {
    if (exception_) std::rethrow_exception(exception_);
    return value_.value();
  }

 private:
  std::optional<T> value_;
  std::exception_ptr exception_;
};

}  // namespace support
