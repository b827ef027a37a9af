// wait_until_joined: lets other threads come to where they wait for a fetch.
#pragma once

#include <cstdint>
#include <thread>

namespace support {

/// Returns once as many lookups of a tier have joined the fetch of another. They have begun; they may not wait yet.
template <class T, class Cache>
void wait_until_joined(const Cache& cache, std::uint64_t count) {
  while (cache.template stats<T>().fetches_joined < count) std::this_thread::yield();
}

}  // namespace support
