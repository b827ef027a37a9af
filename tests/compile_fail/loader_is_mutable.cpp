// expect: tiercache: a loader is called as const, by several threads at once if the cache is: give a callable whose operator() is const, such as a lambda without mutable
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  cache.set_loader<Cards>([calls = 0](int) mutable { return std::to_string(++calls); });
}
