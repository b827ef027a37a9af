// expect: tiercache: the fetcher returns something that only its own kind of coroutine can await: for asio::awaitable include <tiercache/asio.hpp> and call tiercache::get_or_fetch<T>(cache, key, fetcher); else return an awaitable that every coroutine can await, or say how to run it: tiercache::fetch_runner
#include <tiercache/tiercache.hpp>

#include <coroutine>
#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
struct Foreign {
  struct promise_type;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<promise_type>) const noexcept {}
  std::string await_resume() const { return {}; }
};

void use(tiercache::TieredCache<Cards>& cache) {
  const auto fetch = [] { return Foreign{}; };
  static_cast<void>(cache.get_or_fetch<Cards>(7, fetch).get());
}
