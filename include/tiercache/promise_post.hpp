// promise_post: where coroutines of somebody's type are to be resumed; one of the two ways to adapt a coroutine
// library. The other, fetch_runner, says how its tasks are run as fetches.
#pragma once

#include <tiercache/detail/compiler.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace tiercache {

/// Says how a coroutine with the promise `P` wants to be resumed after it waited for a fetch. To be specialised, for
/// one promise or for all that are alike:
///
/// ```cpp
/// template <class P>
///   requires requires(P& promise) {
///     { promise.loop() } -> std::convertible_to<their::Loop*>;
///   }
/// struct tiercache::promise_post<P> {
///   static auto of(P& promise) {
///     return [loop = promise.loop()](auto resume) { loop->post(std::move(resume)); };
///   }
/// };
/// ```
///
/// `of` is called when the coroutine suspends and returns what `Lookup::resume_on` takes. A hit never asks. Without a
/// specialisation a promise with an executor, `promise.get_executor().execute(function)`, is resumed there. The
/// executor is copied; whether its context waits for a coroutine that is suspended is the context's business.
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

template <class P>
concept SaysHowToPost = requires(P& promise) { promise_post<P>::of(promise); };
template <class P>
concept HasExecutor = requires(P& promise, void (*function)()) {
  requires std::copy_constructible<std::remove_cvref_t<decltype(promise.get_executor())>>;
  promise.get_executor().execute(function);
};

/// A promise that says where its coroutine is to be resumed.
template <class P>
concept HasPost = SaysHowToPost<P> || HasExecutor<P>;

/// Returns what takes the job that resumes the coroutine.
template <HasPost P>
[[nodiscard]] auto post_of(P& promise) {
  if constexpr (SaysHowToPost<P>) {
    return promise_post<P>::of(promise);
  } else {
    return ExecutorPost<std::remove_cvref_t<decltype(promise.get_executor())>>(promise.get_executor());
  }
}

/// An executor of async_simple's kind, which goes back to the thread that it was left on.
template <class Executor>
concept HasContexts =
    requires(Executor& executor, void (*function)()) { executor.checkin(function, executor.checkout()); };

/// Returns where an executor is to go back to, if it knows such a thing; for no executor too.
template <class Executor>
[[nodiscard]] auto context_of(Executor* executor) {
  if constexpr (HasContexts<Executor>) {
    return executor != nullptr ? executor->checkout() : decltype(executor->checkout()){};
  } else {
    return nullptr;
  }
}

}  // namespace detail
}  // namespace tiercache
