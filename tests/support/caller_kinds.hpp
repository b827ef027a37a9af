// The coroutine types that the tests call get_or_fetch in, each as a trait: a kind of caller.
#pragma once

#include "pinned.hpp"
#include "queue.hpp"
#include "running.hpp"
#include "task.hpp"
#include "wrapping_task.hpp"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace support {

// Of each: its coroutine type, whose coroutines take the queue of their executor first; whether it has an executor, and
// comes back to it; whether a lookup costs it nothing but what the lookup itself does; and whether a coroutine may be
// destroyed while it is queued there.

struct EagerCaller {
  template <class T>
  using Coroutine = Running<T>;
  static constexpr const char* name = "a task that starts at once";
  static constexpr bool comes_back = false;
  static constexpr bool is_plain = true;
  static constexpr bool leaves_queued = true;
};
struct LazyCaller {
  template <class T>
  using Coroutine = Task<T>;
  static constexpr const char* name = "a lazy task";
  static constexpr bool comes_back = false;
  static constexpr bool is_plain = true;
  static constexpr bool leaves_queued = true;
};
struct PinnedCaller {
  template <class T>
  using Coroutine = Pinned<T>;
  static constexpr const char* name = "a task whose promise has an executor";
  static constexpr bool comes_back = true;
  static constexpr bool is_plain = true;
  static constexpr bool leaves_queued = true;
};
struct CoAwaitCaller {
  template <class T>
  using Coroutine = WrappingTask<T, ByCoAwait>;
  static constexpr const char* name = "a task that asks for coAwait";
  static constexpr bool comes_back = true;
  static constexpr bool is_plain = true;
  static constexpr bool leaves_queued = true;
};
struct ViaIfAsyncCaller {
  template <class T>
  using Coroutine = WrappingTask<T, ByViaIfAsync>;
  static constexpr const char* name = "a task that asks for viaIfAsync";
  static constexpr bool comes_back = true;
  static constexpr bool is_plain = true;
  static constexpr bool leaves_queued = true;
};
struct AffineCaller {
  template <class T>
  using Coroutine = WrappingTask<T, ByAffine>;
  static constexpr const char* name = "a task that asks for affine";
  static constexpr bool comes_back = true;
  static constexpr bool is_plain = false;  // a lookup is affine only if it was told where to resume
  static constexpr bool leaves_queued = false;
};
struct WrappingCaller {
  template <class T>
  using Coroutine = WrappingTask<T, ByNothing>;
  static constexpr const char* name = "a task that wraps whatever it awaits";
  static constexpr bool comes_back = true;
  static constexpr bool is_plain = false;
  static constexpr bool leaves_queued = false;
};

/// A coroutine that was started and belongs to this object, of whatever type.
class AnyCaller {
 public:
  AnyCaller() = default;
  AnyCaller(const AnyCaller&) = delete;
  AnyCaller& operator=(const AnyCaller&) = delete;
  virtual ~AnyCaller() = default;
  [[nodiscard]] virtual bool is_done() const noexcept = 0;
  /// Returns its answer, or throws.
  [[nodiscard]] virtual std::string get() const = 0;
};

template <class Coroutine>
class CallerOf final : public AnyCaller {
 public:
  explicit CallerOf(Coroutine coroutine) : coroutine_(std::move(coroutine)) {}
  [[nodiscard]] bool is_done() const noexcept override { return coroutine_.is_done(); }
  [[nodiscard]] std::string get() const override {
    const auto& answer = coroutine_.get();
    if constexpr (requires { answer.value(); }) {
      return answer.value();
    } else {
      return answer;
    }
  }

 private:
  Coroutine coroutine_;
};

template <class T>
Running<T> run_task(Task<T> task) {
  co_return co_await std::move(task);
}

/// Starts a coroutine of any caller's type.
template <class T, class Base>
std::unique_ptr<AnyCaller> start(Running<T, Base> coroutine) {
  return std::make_unique<CallerOf<Running<T, Base>>>(std::move(coroutine));
}
template <class T>
std::unique_ptr<AnyCaller> start(Task<T> task) {
  return support::start(support::run_task(std::move(task)));
}
template <class T, class Protocol>
std::unique_ptr<AnyCaller> start(WrappingTask<T, Protocol> task) {
  task.start();
  return std::make_unique<CallerOf<WrappingTask<T, Protocol>>>(std::move(task));
}

}  // namespace support
