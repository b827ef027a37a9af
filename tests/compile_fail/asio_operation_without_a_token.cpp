// expect: tiercache: this callback cannot be called with what async_get_or_fetch completes with: let it take (std::exception_ptr, std::optional<R>), where R is what the lookup yields; or give another completion token
#include <tiercache/asio.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache, boost::asio::any_io_executor executor) {
  tiercache::async_get_or_fetch<Cards>(cache, executor, 7, [](int id) { return std::to_string(id); });
}
