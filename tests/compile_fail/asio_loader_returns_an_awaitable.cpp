// expect: tiercache: the loader returns something that only its own kind of coroutine can await, and nobody knows in which kind it will be run: let it answer at once, return an awaitable that every coroutine can await, or say how to run it: tiercache::fetch_runner; an asio::awaitable is fetched by a fetcher given with each call: tiercache::get_or_fetch<T>(cache, key, tiercache::owned(fetcher))
#include <tiercache/asio.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  cache.set_loader<Cards>([](int id) -> boost::asio::awaitable<std::string> { co_return std::to_string(id); });
}
