// What a hit costs where keys and values are strings. Keys are looked up as views of characters that lie elsewhere than
// those that are stored; both sides copy the value into an optional.
#include "contest.hpp"
#include "flat_maps.hpp"
#include "payloads.hpp"
#include "requests.hpp"

using namespace benchmarks;

namespace {

struct Texts : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::hours(1)};
};
using LocalTexts = tiercache::BasicTieredCache<LoopConfig, Texts>;
using SharedTexts = tiercache::TieredCache<Texts>;

/// Returns a key as long as a UUID.
std::string text_of(std::uint64_t rank) {
  return fmt::format("{:016x}-{:019}", key_of(rank), rank);
}

}  // namespace

int main(int argc, char** argv) {
  Rows rows(argc, argv);
  Contest contest(argc, argv);
  constexpr std::size_t entries = 1000;
  std::vector<std::string> texts;
  for (std::size_t rank = 0; rank < entries; ++rank) texts.push_back(text_of(rank));
  std::vector<std::string_view> keys;
  for (const std::uint64_t rank : zipf_ranks(entries, 1 << 16)) keys.push_back(texts[rank]);
  const std::string value(100, 'v');

  LocalTexts local{holding<Texts>(entries)};
  SharedTexts shared{holding<Texts>(entries)};
  for (const std::string& text : texts) {
    local.put<Texts>(text, value);
    shared.put<Texts>(text, value);
  }
  contest.add("get, one thread's cache", keys, [&local](std::string_view key) { return local.get<Texts>(key); });
  contest.add("get, shared cache", keys, [&shared](std::string_view key) { return shared.get<Texts>(key); });
  std::vector<std::string> maps;
  for_each_flat_map<std::string, std::string>([&](const std::string& name, const auto& map) {
    for (const std::string& text : texts) map->put(text, value);
    maps.push_back(name + ", find and copy");
    contest.add(maps.back(), keys, [map](std::string_view key) { return map->get(key); });
  });
  contest.run();

  rows.add(contest.ratio("hit, string keys of 36 and values of 100 characters, TickClock, 10^3 entries",
                         "get, one thread's cache", contest.best_of(maps), at_most(1.4)));
  rows.add(contest.ratio("the same in the shared cache", "get, shared cache", contest.best_of(maps)));
}
