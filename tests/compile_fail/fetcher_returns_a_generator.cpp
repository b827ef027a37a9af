// expect: tiercache: the fetcher's result does not fit the tier: return its Value (or what converts to it), a CacheEntry<Value>, a std::optional<Value>, a copyable expected-like type that can be made from a Value, or an awaitable of one of these; for a task that only its own library can await, specialise tiercache::fetch_runner
#include <tiercache/tiercache.hpp>

#include <coroutine>
#include <string>
#include <utility>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
/// A range that a coroutine yields; nobody can await it.
class Generator {
 public:
  struct promise_type {
    Generator get_return_object() noexcept {
      return Generator(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(std::string text) {
      value = text;
      return {};
    }
    void return_void() noexcept {}
    void unhandled_exception() noexcept {}
    std::string value;
  };
  explicit Generator(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  Generator(Generator&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  ~Generator() {
    if (handle_) handle_.destroy();
  }
  const std::string* begin() const { return &handle_.promise().value; }
  const std::string* end() const { return nullptr; }

 private:
  std::coroutine_handle<promise_type> handle_;
};

Generator fetch(int key) {
  co_yield std::to_string(key);
}

void use(tiercache::TieredCache<Cards>& cache) {
  static_cast<void>(cache.get_or_fetch<Cards>(7, fetch).get());
}
