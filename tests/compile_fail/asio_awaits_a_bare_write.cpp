// expect: tiercache: asio::awaitable cannot co_await this write: include <tiercache/asio.hpp> and write co_await tiercache::write<T>(cache, key, operation);
#include <tiercache/tiercache.hpp>

#include <boost/asio/awaitable.hpp>
#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

boost::asio::awaitable<void> use(tiercache::TieredCache<Cards>& cache, std::string text) {
  const auto operation = [&text] { return text; };
  static_cast<void>(co_await cache.write<Cards>(7, operation));
}
