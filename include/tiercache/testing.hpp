// Opt-in: what the tests of a program with a cache need to have happen on command what is rare and slow otherwise: time
// that passes, fetches that take long, fail, are dropped or never end, callers who leave, executors that run one job at
// a time. It needs the standard library only. All of it is for one thread; nothing of it is meant for production.
//
//   using Cache = tiercache::BasicTieredCache<tiercache::testing::Config, Cards>;
//
//   tiercache::ManualClock::reset();
//   Cache cache;
//   tiercache::testing::ManualFetch<Card> fetch;
//   auto caller = read_card(cache, "7", fetch);     // a coroutine of yours, or a tiercache::testing::Caller
//   tiercache::ManualClock::advance(30s);           // the fetch is slow
//   fetch.complete(Card{"text"});                   // and now it ends
#pragma once

#include <tiercache/tiercache.hpp>

#include <coroutine>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace tiercache::testing {

/// A cache's configuration for tests: safe from many threads, on a clock that stands still until
/// `ManualClock::advance`.
struct Config {
  /// Moved by the test.
  using clock = ManualClock;
  /// As in a `TieredCache`.
  using threading = MultiThreaded;
};

/// A fetcher whose fetches end when and how the test says: with an answer, with an exception, dropped by whatever was
/// to run them, destroyed with their caller, or never. Give it to `get_or_fetch` by its name. Call it in a fetcher of
/// your own where that has to be copied, or called as const: `owned(...)`, loaders, `get_or_fetch_many`, Asio.
///
/// For one thread; it must outlive its fetches. One that belongs to the cache and is never to end is `drop()`ped when
/// the test is over. A blocking `get()` waits for it in vain.
template <class Answer>
class ManualFetch {
 public:
  /// One fetch: an awaiter with nothing around it.
  class Call {
   public:
    /// Made by the fetcher.
    explicit Call(ManualFetch& fetch) noexcept : fetch_(fetch) { ++fetch_.started_; }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    ~Call() {
      if (waiting_ && fetch_.forget(*this)) ++fetch_.destroyed_;
    }

    /// Always suspends.
    bool await_ready() const noexcept { return false; }
    /// Waits for the test.
    void await_suspend(std::coroutine_handle<> waiting) {
      waiting_ = waiting;
      fetch_.calls_.push_back(this);
    }
    /// Returns, or throws, what the test said.
    Answer await_resume() {
      if (exception_) std::rethrow_exception(exception_);
      return std::move(answer_.value());
    }

   private:
    friend ManualFetch;
    ManualFetch& fetch_;
    std::coroutine_handle<> waiting_;
    std::optional<Answer> answer_;
    std::exception_ptr exception_;
  };

  ManualFetch() = default;
  ManualFetch(const ManualFetch&) = delete;
  ManualFetch& operator=(const ManualFetch&) = delete;

  /// Begins a fetch.
  [[nodiscard]] Call operator()() noexcept { return Call(*this); }

  /// Returns how many fetches were begun.
  [[nodiscard]] int started() const noexcept { return started_; }
  /// Returns how many are suspended now.
  [[nodiscard]] std::size_t running() const noexcept { return calls_.size(); }
  /// Returns how many were destroyed while suspended: their callers left.
  [[nodiscard]] int destroyed() const noexcept { return destroyed_; }

  // Each of these ends the fetch that has been suspended longest, and throws `std::logic_error` if there is none.

  /// Ends it with an answer.
  template <class A>
  void complete(A&& answer) {
    first().answer_.emplace(std::forward<A>(answer));  // if that throws, it is suspended still
    next().waiting_.resume();
  }
  /// Ends it with an exception.
  template <class E>
  void fail(E exception) {
    fail(std::make_exception_ptr(std::move(exception)));
  }
  /// Ends it with an exception that was caught.
  void fail(std::exception_ptr exception) {
    Call& call = next();
    call.exception_ = std::move(exception);
    call.waiting_.resume();
  }
  /// Destroys the coroutine that awaits it, as an executor does that shuts down. Not if the fetch is awaited by a
  /// coroutine that belongs to somebody, such as a task that your fetcher returns.
  void drop() { next().waiting_.destroy(); }

 private:
  Call& first() {
    if (calls_.empty()) throw std::logic_error("ManualFetch: no fetch is suspended");
    return *calls_.front();
  }
  Call& next() {
    Call& call = first();
    calls_.erase(calls_.begin());
    return call;
  }

  bool forget(Call& call) noexcept { return std::erase(calls_, &call) != 0; }

  std::vector<Call*> calls_;
  int started_ = 0;
  int destroyed_ = 0;
};

/// An executor that runs what was posted to it when the test says so. Give it to a lookup with
/// `resume_on([&executor](auto job) { executor.post(job); })`; a promise's `get_executor()` returns something that can
/// be copied, and posts to it. For one thread.
class SteppingExecutor {
 public:
  /// Takes a job. Throws `std::runtime_error` while it `refuses`.
  void post(std::function<void()> job) {
    if (refuses) throw std::runtime_error("SteppingExecutor: full");
    jobs_.push_back(std::move(job));
  }
  /// Whether it refuses jobs, as one that is full does.
  bool refuses = false;

  /// Returns how many jobs wait.
  [[nodiscard]] std::size_t size() const noexcept { return jobs_.size(); }
  /// Runs the job that has waited longest; tells whether there was one.
  bool step() {
    if (jobs_.empty()) return false;
    const std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    job();
    return true;
  }
  /// Runs jobs until there is none; returns how many.
  std::size_t run() {
    std::size_t count = 0;
    while (step()) ++count;
    return count;
  }
  /// Drops all jobs, as one does that shuts down.
  void drop() { jobs_.clear(); }

 private:
  std::deque<std::function<void()>> jobs_;
};

/// What a `Caller` came to, as the base of its promise.
template <class T>
class CallerResult {
 public:
  /// Keeps what the coroutine returns.
  template <class U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  /// Keeps what it throws.
  void unhandled_exception() noexcept { exception_ = std::current_exception(); }

  /// Returns the one, or throws the other.
  [[nodiscard]] T& get() {
    if (exception_) std::rethrow_exception(exception_);
    return value_.value();
  }

 private:
  std::optional<T> value_;
  std::exception_ptr exception_;
};

/// A coroutine that starts at once and belongs to this object: destroying that destroys the coroutine, wherever it is
/// suspended. To a cache it is a caller who leaves. It can be awaited too, as a task that starts eagerly. `Result` is
/// the base of its promise.
template <class T, class Result = CallerResult<T>>
class [[nodiscard]] Caller {
 public:
  /// What the compiler asks for.
  struct promise_type : Result {
    using Result::Result;
    /// Made when the coroutine is called.
    Caller get_return_object() noexcept { return Caller(std::coroutine_handle<promise_type>::from_promise(*this)); }
    /// Starts at once.
    std::suspend_never initial_suspend() const noexcept { return {}; }
    /// Goes on with whoever awaits it.
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
    /// Whoever awaits it.
    std::coroutine_handle<> awaiter;
  };

  /// No coroutine.
  Caller() noexcept = default;
  Caller(Caller&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Caller& operator=(Caller other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Caller() { leave(); }

  /// Tells whether there is a coroutine.
  [[nodiscard]] bool has_begun() const noexcept { return static_cast<bool>(handle_); }
  /// Tells whether it has ended. Wants one.
  [[nodiscard]] bool is_done() const noexcept { return handle_.done(); }
  /// Returns the result, or throws the exception, of a coroutine that has ended.
  [[nodiscard]] T& get() const { return handle_.promise().get(); }
  /// Destroys the coroutine, if there is one.
  void leave() noexcept {
    if (const auto handle = std::exchange(handle_, {})) handle.destroy();
  }

  /// Tells whether it has ended.
  bool await_ready() const noexcept { return is_done(); }
  /// Waits until it has.
  void await_suspend(std::coroutine_handle<> awaiter) noexcept { handle_.promise().awaiter = awaiter; }
  /// Returns the result, or throws the exception.
  T await_resume() { return std::move(get()); }

 private:
  explicit Caller(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

}  // namespace tiercache::testing
