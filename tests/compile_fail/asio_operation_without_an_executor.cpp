// expect: tiercache: async_get_or_fetch<T>(cache, executor, ...) wants an executor, an execution context or an I/O object there, to run on
#include <tiercache/asio.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  const auto fetch = [](int id) { return std::to_string(id); };
  tiercache::async_get_or_fetch<Cards>(cache, 7, fetch, boost::asio::detached);
}
