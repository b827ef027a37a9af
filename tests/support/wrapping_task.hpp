// WrappingTask: a task like those of the libraries whose coroutines have an executor. It awaits only what it knows, by
// a member that its library asks for, or what has a member operator co_await or is an awaiter: that it wraps in a frame
// of its own, from which it comes back to its executor. Nobody but its own kind can await it.
#pragma once

#include "answer.hpp"
#include "queue.hpp"

#include <tiercache/fetch_runner.hpp>
#include <tiercache/promise_post.hpp>

#include <concepts>
#include <coroutine>
#include <optional>
#include <utility>

namespace support {

// What a library asks a foreign awaitable for before it wraps it.

/// async_simple: `coAwait(executor)`.
struct ByCoAwait {
  template <class A>
  static auto ask(A&& awaitable, Queue& queue, auto&) -> decltype(std::forward<A>(awaitable).coAwait(&queue)) {
    return std::forward<A>(awaitable).coAwait(&queue);
  }
};
/// folly: `viaIfAsync(executor)`.
struct ByViaIfAsync {
  template <class A>
  static auto ask(A&& awaitable, Queue& queue, auto&) -> decltype(std::forward<A>(awaitable).viaIfAsync(&queue)) {
    return std::forward<A>(awaitable).viaIfAsync(&queue);
  }
};
/// The task of C++26: `affine()`, for one that comes back by itself, and what `as_awaitable(promise)` makes of that.
struct ByAffine {
  /// What `affine` gave, and, once it does not move any more, its awaiter.
  template <class Affine, class Promise>
  class Awaitable {
   public:
    Awaitable(Affine affine, Promise& promise) : affine_(std::move(affine)), promise_(promise) {}
    auto operator co_await() && { return std::move(affine_).as_awaitable(promise_); }

   private:
    Affine affine_;
    Promise& promise_;
  };
  template <class A, class Promise>
  static auto ask(A&& awaitable, Queue&, Promise& promise)
      -> Awaitable<decltype(std::forward<A>(awaitable).affine()), Promise> {
    return {std::forward<A>(awaitable).affine(), promise};
  }
};
/// Nothing.
struct ByNothing {
  static void ask() = delete;
};

/// A coroutine that has an executor resume another one.
class Detour {
 public:
  struct promise_type {
    Detour get_return_object() noexcept { return Detour(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    std::coroutine_handle<> next;
  };

  /// Allocates.
  [[nodiscard]] static Detour through(Queue& queue) {
    const auto self = co_await Self();
    queue.post([next = self.promise().next] { next.resume(); });
  }

  Detour(const Detour&) = delete;
  Detour& operator=(const Detour&) = delete;
  ~Detour() { handle_.destroy(); }

  [[nodiscard]] std::coroutine_handle<> to(std::coroutine_handle<> next) const noexcept {
    handle_.promise().next = next;
    return handle_;
  }

 private:
  struct Self {
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<promise_type> its) noexcept {
      self = its;
      return false;
    }
    std::coroutine_handle<promise_type> await_resume() const noexcept { return self; }
    std::coroutine_handle<promise_type> self;
  };

  explicit Detour(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

template <class A>
decltype(auto) member_awaiter(A&& awaitable) {
  if constexpr (requires { std::forward<A>(awaitable).operator co_await(); }) {
    return std::forward<A>(awaitable).operator co_await();
  } else {
    return std::forward<A>(awaitable);
  }
}
template <class A>
using MemberAwaiter = decltype(support::member_awaiter(std::declval<A>()));

/// What has a member operator co_await, or is an awaiter.
template <class A>
concept MemberAwaitable = requires(MemberAwaiter<A>& awaiter, std::coroutine_handle<> handle) {
  { awaiter.await_ready() } -> std::convertible_to<bool>;
  awaiter.await_suspend(handle);
  awaiter.await_resume();
};

/// A foreign awaitable from which a coroutine comes back to its executor.
template <class A>
class Wrapped {
 public:
  Wrapped(A&& awaitable, Queue& queue)
      : awaiter_(support::member_awaiter(std::forward<A>(awaitable))), detour_(Detour::through(queue)) {}
  Wrapped(const Wrapped&) = delete;
  Wrapped& operator=(const Wrapped&) = delete;

  bool await_ready() { return awaiter_.await_ready(); }
  auto await_suspend(std::coroutine_handle<> waiting) { return awaiter_.await_suspend(detour_.to(waiting)); }
  decltype(auto) await_resume() { return awaiter_.await_resume(); }

 private:
  MemberAwaiter<A> awaiter_;
  Detour detour_;
};

template <class T, class Protocol>
class [[nodiscard]] WrappingTask {
 public:
  struct promise_type : Answer<T> {
    template <class... Arguments>
    explicit promise_type(Queue& its_queue, const Arguments&...) noexcept : queue(its_queue) {}
    WrappingTask get_return_object() noexcept {
      return WrappingTask(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    auto final_suspend() const noexcept {
      struct ToNext {
        bool await_ready() const noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> ended) const noexcept {
          const std::coroutine_handle<> waiting = ended.promise().next;
          return waiting ? waiting : std::coroutine_handle<>(std::noop_coroutine());
        }
        void await_resume() const noexcept {}
      };
      return ToNext{};
    }

    template <class A>
      requires(MemberAwaitable<A>)
    auto await_transform(A&& awaitable) {
      if constexpr (requires { Protocol::ask(std::forward<A>(awaitable), queue, *this); }) {
        return Protocol::ask(std::forward<A>(awaitable), queue, *this);
      } else {
        return Wrapped<A>(std::forward<A>(awaitable), queue);
      }
    }

    Queue& queue;
    std::coroutine_handle<> next;
  };

  WrappingTask(WrappingTask&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  WrappingTask& operator=(WrappingTask&&) = delete;
  ~WrappingTask() { leave(); }

  // As one that belongs to this object, like a Running.

  void start() const { handle_.resume(); }
  [[nodiscard]] bool is_done() const noexcept { return handle_.done(); }
  [[nodiscard]] T& get() const { return handle_.promise().get(); }
  void leave() noexcept {
    if (const auto handle = std::exchange(handle_, {})) handle.destroy();
  }

  // As one that is awaited. By none but its own kind, and here not even by that: no test needs it.

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<promise_type> waiting) = delete;
  T await_resume();

  /// What anybody can await: runs the task.
  class Run {
   public:
    explicit Run(WrappingTask task) noexcept : task_(std::move(task)) {}
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) const noexcept {
      task_.handle_.promise().next = waiting;
      return task_.handle_;
    }
    T await_resume() const { return std::move(task_.get()); }

   private:
    WrappingTask task_;
  };

 private:
  explicit WrappingTask(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

}  // namespace support

/// As its library cannot take back a task that runs, unless that is folly's.
template <class T, class Protocol>
struct tiercache::fetch_runner<support::WrappingTask<T, Protocol>> {
  using Task = support::WrappingTask<T, Protocol>;
  static constexpr bool can_be_destroyed = std::same_as<Protocol, support::ByViaIfAsync>;
  static auto run(Task task) { return typename Task::Run(std::move(task)); }
};
