// expect: tiercache: the fetcher's asio::awaitable has an executor of another type: give async_get_or_fetch an executor that converts to it
#include <tiercache/asio.hpp>

#include <boost/asio/io_context.hpp>
#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

using Awaitable = boost::asio::awaitable<std::string, boost::asio::io_context::executor_type>;

void use(tiercache::TieredCache<Cards>& cache, boost::asio::any_io_executor executor) {
  const auto fetch = [](int id) -> Awaitable { co_return std::to_string(id); };
  tiercache::async_get_or_fetch<Cards>(cache, executor, 7, fetch, boost::asio::detached);
}
