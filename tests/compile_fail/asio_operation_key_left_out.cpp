// expect: tiercache: this tier has keys: async_get_or_fetch<T>(cache, executor, key, fetcher, token)
#include <tiercache/asio.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache, boost::asio::any_io_executor executor) {
  const auto fetch = [](int id) { return std::to_string(id); };
  tiercache::async_get_or_fetch<Cards>(cache, executor, fetch, boost::asio::detached);
}
