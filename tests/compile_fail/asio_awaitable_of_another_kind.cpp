// expect: tiercache: in an asio::awaitable a fetcher returns an asio::awaitable, or its result at once; other awaitables cannot be cancelled with the coroutine, so their fetcher must belong to the cache: tiercache::owned(fetcher)
#include <tiercache/asio.hpp>

#include <coroutine>
#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
struct Foreign {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  std::string await_resume() const { return {}; }
};

boost::asio::awaitable<void> use(tiercache::TieredCache<Cards>& cache, std::string text) {
  const auto fetch = [] { return Foreign{}; };
  text = co_await tiercache::get_or_fetch<Cards>(cache, 7, fetch);
}
