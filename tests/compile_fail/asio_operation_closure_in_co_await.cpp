// expect: tiercache: GCC 12 destroys this fetcher twice inside co_await; name it first: auto fetch = [...]{...}; tiercache::async_get_or_fetch<T>(cache, executor, key, fetch, token);
// compiler: GNU < 13
#include <tiercache/asio.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

boost::asio::awaitable<void> use(tiercache::TieredCache<Cards>& cache, std::string text) {
  auto context = co_await boost::asio::this_coro::executor;
  auto answer = co_await tiercache::async_get_or_fetch<Cards>(
      cache, context, 7, [text] { return text; }, boost::asio::use_awaitable);
  text = answer.value();
}
