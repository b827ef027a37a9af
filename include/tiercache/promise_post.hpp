// promise_post: where coroutines of somebody's type are to be resumed; one of the two ways to adapt a coroutine
// library. The other, fetch_runner, says how its tasks are run as fetches.
#pragma once

#include <tiercache/detail/compiler.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace tiercache {

/// Says how a coroutine with the promise `P` wants to be resumed after it waited for a fetch. To be specialised; known
/// already are promises with an executor, `promise.get_executor().execute(function)`.
///
/// ```cpp
/// template <class T>
/// struct tiercache::promise_post<their::Task<T>::promise_type> {
///   static auto of(their::Task<T>::promise_type& promise) {
///     return [loop = promise.loop()](auto resume) { loop->post(std::move(resume)); };
///   }
/// };
/// ```
///
/// `of` is called when the coroutine suspends and returns what `Lookup::resume_on` takes. A hit never asks.
template <class P>
struct promise_post {};

namespace detail {

/// Posts to an executor. A copy of it lives until the coroutine was resumed.
template <class Executor>
class ExecutorPost {
 public:
  explicit ExecutorPost(const Executor& executor) : executor_(executor) {}
  template <class Job>
  void operator()(Job job) {
    executor_.execute(std::move(job));
  }

 private:
  Executor executor_;
};

}  // namespace detail

template <class P>
  requires requires(P& promise, void (*function)()) {
    { promise.get_executor() } -> std::copyable;
    promise.get_executor().execute(function);
  }
struct promise_post<P> {
  /// Returns a function that posts to the promise's executor.
  static auto of(P& promise) {
    return detail::ExecutorPost<std::remove_cvref_t<decltype(promise.get_executor())>>(promise.get_executor());
  }
};

namespace detail {

/// A promise that says where its coroutine is to be resumed.
template <class P>
concept HasPost = requires(P& promise) { promise_post<P>::of(promise); };

}  // namespace detail
}  // namespace tiercache
