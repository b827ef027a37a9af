// expect: tiercache: asio::awaitable cannot co_await a lookup: include <tiercache/asio.hpp> and write co_await tiercache::get_or_fetch<T>(cache, key, fetcher);
#include <tiercache/tiercache.hpp>

#include <boost/asio/awaitable.hpp>
#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

boost::asio::awaitable<void> use(tiercache::TieredCache<Cards>& cache, std::string text) {
  const auto fetch = [&text] { return text; };
  static_cast<void>(co_await cache.get_or_fetch<Cards>(7, fetch));
}
