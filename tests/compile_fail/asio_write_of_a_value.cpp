// expect: tiercache: write cannot call this operation: give a callable that takes nothing and returns a result, nothing or an awaitable, or an awaitable object
#include <tiercache/asio.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

boost::asio::awaitable<void> use(tiercache::TieredCache<Cards>& cache) {
  co_await tiercache::write<Cards>(cache, 7, 5);
}
