// How many bytes an entry takes beyond its key and value, by what malloc has handed out: also what is not yet written
// to, and malloc's own share.
#include "flat_maps.hpp"
#include "hand_written_cache.hpp"
#include "requests.hpp"
#include "rows.hpp"

#include <tiercache/tiercache.hpp>

#include <malloc.h>

using namespace benchmarks;

namespace {

constexpr std::size_t entries = 1'000'000;

struct Numbers : tiercache::Tier<std::uint64_t, std::uint64_t> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::hours(1)};
};

class Subject {
 public:
  explicit Subject(std::size_t capacity)
      : cache_(tiercache::with<Numbers>({.ttl = policy.ttl, .capacity = capacity})) {}
  void put(std::uint64_t key, std::uint64_t value) { cache_.put<Numbers>(key, value); }

 private:
  static constexpr tiercache::TierPolicy policy = Numbers::policy;
  tiercache::TieredCache<Numbers> cache_;
};

std::size_t bytes_in_use() {
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// Fills what `make` makes; returns the bytes of an entry beyond key and value.
template <class Make>
double bytes_per_entry(const Make& make) {
  const std::size_t before = bytes_in_use();
  const auto container = make();
  for (std::uint64_t rank = 0; rank < entries; ++rank) container->put(key_of(rank), rank);
  return static_cast<double>(bytes_in_use() - before) / entries - 2 * sizeof(std::uint64_t);
}

}  // namespace

int main(int argc, char** argv) {
  Rows rows(argc, argv);
  const auto add = [&](const std::string& name, std::optional<Goal> goal, const auto& make) {
    rows.add({.measure = "memory beyond key and value, 10^6 numbers by numbers",
              .subject = name,
              .figure = bytes_per_entry(make),
              .unit = "bytes an entry",
              .goal = goal});
  };
  add("unbounded tier", at_most(32), [] { return std::make_unique<Subject>(tiercache::unbounded); });
  add("tier with a capacity of 10^6", at_most(32), [] { return std::make_unique<Subject>(entries); });
  add("hand-written cache, for information", {},
      [] { return std::make_unique<HandWrittenCache<std::uint64_t, std::uint64_t>>(2 * entries); });
  for_each_flat_map<std::uint64_t, std::uint64_t>(
      [&](const std::string& name, const auto& map) { add(name + ", for information", {}, [&map] { return map; }); });
}
