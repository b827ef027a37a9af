// expect: tiercache: async_get_or_fetch<T>(cache, executor, ...) takes a key, unless the tier is Unkeyed; a fetcher, unless the tier has a loader; max_age(ttl), if wanted; and a completion token; in this order
#include <tiercache/asio.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache, boost::asio::any_io_executor executor) {
  const auto fetch = [](int id) { return std::to_string(id); };
  const auto age = tiercache::max_age(std::chrono::seconds(5));
  tiercache::async_get_or_fetch<Cards>(cache, executor, 7, age, fetch, boost::asio::detached);
}
