// ask: a coroutine that calls get_or_fetch and keeps what it yields.
#pragma once

#include "running.hpp"

#include <string>

namespace support {

template <class T, class Cache, class K, class F>
using Asked = typename decltype(std::declval<Cache&>().template get_or_fetch<T>(std::declval<K&>(),
                                                                                std::declval<F&>()))::result_type;

/// The fetcher is the caller's: it must outlive the coroutine.
template <class T, class Cache, class F>
Running<Asked<T, Cache, std::string, F>> ask(Cache& cache, std::string key, F& fetcher) {
  co_return co_await cache.template get_or_fetch<T>(key, fetcher);
}

}  // namespace support
