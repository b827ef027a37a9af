// Write: what `write` returns, an operation that changes what a cached thing stands for, fenced by invalidations. What
// an invalidation does is said in tiered_cache.hpp.
#pragma once

#include <tiercache/detail/awaitable.hpp>
#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/fetching.hpp>
#include <tiercache/detail/invalidation.hpp>
#include <tiercache/detail/tier_list.hpp>

#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>

namespace tiercache {
namespace detail {

/// What an operation gives: called, if it can be, or itself.
template <class Operation>
decltype(auto) call_operation(std::remove_reference_t<Operation>& operation) {
  constexpr bool is_callable = requires { operation(); };
  constexpr bool is_awaitable = LooksAwaitable<Operation>;
  static_assert(is_callable || is_awaitable,
                "tiercache: write cannot call this operation: give a callable that takes nothing and returns a result, "
                "nothing or an awaitable, or an awaitable object");
  if constexpr (is_callable) {
    return operation();
  } else if constexpr (is_awaitable) {
    return static_cast<Operation&&>(operation);
  }
}
template <class Operation>
using CalledOperation =
    decltype(detail::call_operation<Operation>(std::declval<std::remove_reference_t<Operation>&>()));

/// Invalidates a key of tier `T`; where nothing may be thrown and something is, all of the tier and all that it
/// cascades to. It keeps the stores alive.
template <class T, class Stores>
class KeyInvalidation {
 public:
  KeyInvalidation(const Stores& stores, typename TypesOf<T>::key_type key) : stores_(stores), key_(std::move(key)) {}

  void operator()() const { static_cast<void>(Invalidation<Stores>(stores_).template key<T>(key_)); }
  void again() const noexcept {
    TIERCACHE_TRY {
      return (*this)();
    }
    TIERCACHE_CATCH_ALL {}
    TIERCACHE_TRY {
      static_cast<void>(Invalidation<Stores>(stores_).template whole_and_on<T>());
    }
    TIERCACHE_CATCH_ALL {}
  }

 private:
  Stores stores_;
  typename TypesOf<T>::key_type key_;
};

}  // namespace detail

/// An operation that writes, between two invalidations of what it changes. `co_await` it in a coroutine, or call
/// `get()` if the operation cannot be awaited; once. Made by `BasicTieredCache::write`.
///
/// It is lazy: nothing happens before that. Then the key is invalidated, the operation called and, if that gives an
/// awaitable, awaited in the calling coroutine, as if it stood there itself; and when it has ended, however that was,
/// the key is invalidated again. So no fetch that overlaps the operation is stored: it may have seen the state before.
///
/// It yields what the operation yields, and throws what it throws; the invalidations stand. So they do if the coroutine
/// is destroyed while the operation is suspended.
///
/// **Lifetime.** An operation given as an lvalue is referred to, one given as a temporary is kept inside; the key is
/// kept. The cache may be destroyed meanwhile.
template <class Invalidate, class Operation>
class [[nodiscard("tiercache: nothing is written until this is awaited: co_await it, or call get()")]] Write final {
  using Called = detail::CalledOperation<Operation>;
  static constexpr bool awaits = detail::LooksAwaitable<Called>;

  static auto result() {
    if constexpr (awaits) {
      return std::type_identity<detail::AwaitedBy<Called>>{};
    } else {
      return std::type_identity<Called>{};
    }
  }

 public:
  /// What the operation yields.
  using result_type = typename decltype(result())::type;

  /// Made by the cache. Does nothing yet.
  Write(Invalidate&& invalidate, Operation&& operation)
      : invalidate_(std::move(invalidate)), operation_(std::forward<Operation>(operation)) {}
  /// Moves a write that has not started.
  Write(Write&& other)
      : invalidate_(std::move(other.invalidate_)), operation_(std::forward<Operation>(other.operation_)) {}
  Write& operator=(Write&&) = delete;

  /// Runs the operation on the calling thread. Throws what it throws.
  result_type get() {
    static_assert(!awaits, "tiercache: this operation is awaited: write co_await cache.write<T>(key, operation)");
    const Fence fence(invalidate_);
    return detail::call_operation<Operation>(operation_);
  }

 private:
  /// Invalidates when it begins and when it ends.
  class Fence {
   public:
    explicit Fence(const Invalidate& invalidate) : invalidate_(invalidate) { invalidate_(); }
    Fence(const Fence&) = delete;
    Fence& operator=(const Fence&) = delete;
    ~Fence() { invalidate_.again(); }

   private:
    const Invalidate& invalidate_;
  };

  /// Awaits an operation that can be awaited, inside the fence.
  class AwaitingAwaiter {
   public:
    explicit AwaitingAwaiter(Write& write)
        : fence_(std::in_place, write.invalidate_),
          called_(detail::call_operation<Operation>(write.operation_)),
          awaiter_(detail::awaiter_of(static_cast<Called&&>(called_))) {}
    AwaitingAwaiter(const AwaitingAwaiter&) = delete;
    AwaitingAwaiter& operator=(const AwaitingAwaiter&) = delete;

    [[nodiscard]] bool await_ready() { return static_cast<bool>(awaiter_.await_ready()); }
    template <class Promise>
    auto await_suspend(std::coroutine_handle<Promise> waiting) {
      return awaiter_.await_suspend(waiting);
    }
    result_type await_resume() {
      const End end{fence_};
      return awaiter_.await_resume();
    }

   private:
    // Before the result is handed over: whoever has it may look things up at once.
    struct End {
      explicit End(std::optional<Fence>& its_fence) noexcept : fence(its_fence) {}
      End(const End&) = delete;
      End& operator=(const End&) = delete;
      ~End() { fence.reset(); }
      std::optional<Fence>& fence;
    };

    std::optional<Fence> fence_;
    Called called_;
    detail::AwaiterOf<Called> awaiter_;
  };
  /// Runs an operation that gives its result at once.
  class ReadyAwaiter {
   public:
    explicit ReadyAwaiter(Write& write) noexcept : write_(write) {}
    [[nodiscard]] bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    result_type await_resume() { return write_.get(); }

   private:
    Write& write_;
  };
  using Awaiter = std::conditional_t<awaits, AwaitingAwaiter, ReadyAwaiter>;

 public:
  /// Makes the write awaitable as a temporary.
  [[nodiscard]] Awaiter operator co_await() && {
    static_assert(!detail::is_destroyed_twice<Operation>,
                  "tiercache: GCC 12 destroys this operation twice inside co_await; name it first: auto operation = "
                  "[...]{...}; co_await cache.write<T>(key, operation);");
    return Awaiter(*this);
  }
  /// Makes the write awaitable by its name.
  [[nodiscard]] Awaiter operator co_await() & { return Awaiter(*this); }

  /// Tells who awaits a write in an `asio::awaitable` what to write instead.
  template <template <class> class Frame, class Executor>
  auto operator()(Frame<Executor>*) const {
    static_assert(!std::is_same_v<Executor, Executor>,
                  "tiercache: asio::awaitable cannot co_await this write: include <tiercache/asio.hpp> and write "
                  "co_await tiercache::write<T>(cache, key, operation);");
  }

 private:
  Invalidate invalidate_;
  Operation operation_;
};

}  // namespace tiercache
