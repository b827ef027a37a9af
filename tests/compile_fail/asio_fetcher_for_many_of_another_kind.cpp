// expect: tiercache: in an asio::awaitable a fetcher for many keys returns an asio::awaitable, or its answers at once
#include <tiercache/asio.hpp>

#include <span>
#include <string>
#include <vector>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

struct Event {
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  std::vector<std::string> await_resume() const { return {}; }
};

boost::asio::awaitable<void> use(tiercache::TieredCache<Cards>& cache) {
  const std::vector<int> keys{7};
  const auto fetch = [](std::span<const int>) { return Event(); };
  static_cast<void>(co_await tiercache::get_or_fetch_many<Cards>(cache, keys, fetch));
}
