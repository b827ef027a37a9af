// Running: a coroutine that starts at once and belongs to this object. Destroying it destroys the coroutine, wherever
// it is suspended; to the cache that is a caller who leaves. It can be awaited too, as a task that starts eagerly.
#pragma once

#include "answer.hpp"

#include <coroutine>
#include <utility>

namespace support {

/// `Base` is what its promise has of its own: an `Answer<T>`, and more.
template <class T, class Base = Answer<T>>
class [[nodiscard]] Running {
 public:
  struct promise_type : Base {
    using Base::Base;
    Running get_return_object() noexcept { return Running(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    auto final_suspend() const noexcept {
      struct ToAwaiter {
        bool await_ready() const noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> ended) const noexcept {
          const std::coroutine_handle<> next = ended.promise().awaiter;
          return next ? next : std::coroutine_handle<>(std::noop_coroutine());
        }
        void await_resume() const noexcept {}
      };
      return ToAwaiter{};
    }
    std::coroutine_handle<> awaiter;
  };

  Running() noexcept = default;
  Running(Running&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Running& operator=(Running other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Running() { leave(); }

  [[nodiscard]] bool has_begun() const noexcept { return static_cast<bool>(handle_); }
  [[nodiscard]] bool is_done() const noexcept { return handle_.done(); }

  /// Returns the result, or throws the exception, of a coroutine that is done.
  [[nodiscard]] T& get() const { return handle_.promise().get(); }

  void leave() noexcept {
    if (const auto handle = std::exchange(handle_, {})) handle.destroy();
  }

  bool await_ready() const noexcept { return is_done(); }
  void await_suspend(std::coroutine_handle<> awaiter) noexcept { handle_.promise().awaiter = awaiter; }
  T await_resume() { return std::move(get()); }

 private:
  explicit Running(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

/// A coroutine that starts at once and belongs to nobody.
struct Detached {
  struct promise_type {
    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
};

}  // namespace support
