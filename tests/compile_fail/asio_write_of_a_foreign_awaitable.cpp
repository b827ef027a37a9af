// expect: tiercache: in an asio::awaitable a write's operation returns an asio::awaitable, or its result at once
#include <tiercache/asio.hpp>

#include <coroutine>
#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
struct Foreign {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  int await_resume() const { return 1; }
};

boost::asio::awaitable<void> use(tiercache::TieredCache<Cards>& cache) {
  const auto operation = [] { return Foreign{}; };
  co_await tiercache::write<Cards>(cache, 7, operation);
}
