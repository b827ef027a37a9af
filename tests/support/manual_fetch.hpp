// ManualFetch: a fetcher whose fetches end when and how the test says: with an answer, with an exception, dropped by
// whatever was to run them, destroyed with their caller, or never. For one thread.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace support {

template <class T>
class ManualFetch {
 public:
  /// One fetch, as an awaiter with nothing around it.
  class Call {
   public:
    explicit Call(ManualFetch& fetch) noexcept : fetch_(fetch) { ++fetch_.started_; }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    ~Call() {
      if (waiting_ && fetch_.forget(*this)) ++fetch_.destroyed_;
    }

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) {
      waiting_ = waiting;
      fetch_.calls_.push_back(this);
    }
    T await_resume() {
      if (exception_) std::rethrow_exception(exception_);
      return std::move(answer_.value());
    }

   private:
    friend ManualFetch;
    ManualFetch& fetch_;
    std::coroutine_handle<> waiting_;
    std::optional<T> answer_;
    std::exception_ptr exception_;
  };

  ManualFetch() = default;
  ManualFetch(const ManualFetch&) = delete;
  ManualFetch& operator=(const ManualFetch&) = delete;

  [[nodiscard]] Call operator()() noexcept { return Call(*this); }

  /// How many fetches were begun.
  [[nodiscard]] int started() const noexcept { return started_; }
  /// How many are suspended now.
  [[nodiscard]] std::size_t running() const noexcept { return calls_.size(); }
  /// How many were destroyed while suspended.
  [[nodiscard]] int destroyed() const noexcept { return destroyed_; }

  // Each of these ends the fetch that has been suspended longest.

  template <class U>
  void complete(U&& answer) {
    Call& call = next();
    call.answer_.emplace(std::forward<U>(answer));
    call.waiting_.resume();
  }
  template <class E>
  void fail(E exception) {
    Call& call = next();
    call.exception_ = std::make_exception_ptr(std::move(exception));
    call.waiting_.resume();
  }
  /// Destroys the coroutine that awaits the fetch, as an executor that shuts down does.
  void drop() { next().waiting_.destroy(); }

 private:
  Call& next() {
    if (calls_.empty()) throw std::logic_error("ManualFetch: no fetch is suspended");
    Call& call = *calls_.front();
    calls_.erase(calls_.begin());
    return call;
  }

  bool forget(Call& call) noexcept { return std::erase(calls_, &call) != 0; }

  std::vector<Call*> calls_;
  int started_ = 0;
  int destroyed_ = 0;
};

}  // namespace support
