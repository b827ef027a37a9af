// expect: tiercache: asio::awaitable cannot co_await a lookup: include <tiercache/asio.hpp> and write co_await tiercache::get_or_fetch_many<T>(cache, keys, fetcher);
#include <tiercache/tiercache.hpp>

#include <boost/asio/awaitable.hpp>
#include <span>
#include <string>
#include <vector>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

boost::asio::awaitable<void> use(tiercache::TieredCache<Cards>& cache, std::string text) {
  const std::vector<int> keys{7};
  const auto fetch = [&text](std::span<const int>) { return std::vector<std::string>{text}; };
  static_cast<void>(co_await cache.get_or_fetch_many<Cards>(keys, fetch));
}
