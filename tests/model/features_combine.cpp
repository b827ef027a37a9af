// Every combination of what may keep a value, its absence or its failure for longer or shorter than the TTL, with every
// way in which a fetch ends, at every age of what is held. Not by chance: all of them.
#include "catch.hpp"
#include "check_all.hpp"
#include "operations.hpp"

#include <tiercache/tiercache.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace {

using model::Kind;
using model::Operation;
using model::Program;

// What the bytes stand for that are given here is said in operations.hpp and player.hpp.
constexpr std::uint8_t key = 3;
constexpr std::uint8_t one_minute = 2;

enum Features : unsigned {
  stale_for = 1,       // ten seconds
  stale_if_error = 2,  // a minute
  retry_after = 4,     // five seconds
  idle_for = 8,        // twenty seconds
  not_found_ttl = 16,  // ten seconds
  jitter = 32,         // half
  all_features = 64,
};
[[nodiscard]] Program program_with(unsigned features) {
  const auto byte = [features](unsigned feature, unsigned shift) {
    return (features & feature) != 0 ? 2U << shift : 0U;
  };
  Program program;
  program.is_shared = features % 3 == 0;
  program.eviction = model::number_of_policy<tiercache::Lru>;
  for (auto& policy : program.policies) {
    policy = {model::capacity_count - 1, one_minute,
              static_cast<std::uint8_t>(byte(stale_for, 0) | byte(stale_if_error, 2) | byte(retry_after, 4) |
                                        byte(idle_for, 6)),
              static_cast<std::uint8_t>(byte(not_found_ttl, 0) | byte(jitter, 2)), 0};
  }
  return program;
}

enum Fetcher : std::uint8_t {
  plain_value = 0,
  optional = 2,
  expected = 4,
  owned_entry = 5,
  owned_value = 6,
  owned_optional = 10
};
enum Outcome : std::uint8_t { value = 0, none_or_error = 1, failure = 3 };
enum Ending : std::uint8_t { at_once, later, dropped };

[[nodiscard]] Operation advance(std::uint8_t length) {
  return {Kind::advance, 0, 0, length, 0, 0, 0, 0};
}
[[nodiscard]] Operation fetch(Fetcher fetcher, Outcome outcome, Ending ending) {
  const bool is_awaited = ending != at_once;
  return {Kind::fetch, 0, key, fetcher, outcome, 0, 1, static_cast<std::uint8_t>(is_awaited ? 9 : 8)};
}
[[nodiscard]] Operation on_key(Kind kind) {
  return {kind, 0, key, 0, 0, 0, 0, 0};
}

}  // namespace

TEST_CASE("every combination of the features of a policy does what a map would do") {
  // 5: a minute; 14: half; 3: ten seconds; 2: five; 0: a tick.
  static const std::vector<std::uint8_t> ages[] = {{}, {14}, {5}, {5, 2}, {5, 14}, {5, 5, 3}};
  static constexpr Fetcher fetchers[] = {plain_value, optional, expected, owned_entry, owned_value, owned_optional};
  const model::Play play = model::play_without_leak<tiercache::Lru>;
  if (model::replays(play, model::number_of_policy<tiercache::Lru>)) return;
  model::happened = {};
  for (unsigned features = 0; features < all_features; ++features) {
    for (const Kind put : {Kind::put, Kind::put_with_ttl}) {
      for (const auto& age : ages) {
        for (const Fetcher fetcher : fetchers) {
          for (const Outcome outcome : {value, none_or_error, failure}) {
            for (const Ending ending : {at_once, later, dropped}) {
              if ((fetcher < owned_entry && ending != at_once) || (ending == dropped && outcome != failure)) continue;
              Program program = program_with(features);
              auto& operations = program.operations;
              operations.push_back(on_key(put));
              for (const std::uint8_t length : age) operations.push_back(advance(length));
              operations.push_back(on_key(Kind::get));
              operations.push_back(fetch(fetcher, outcome, ending));
              operations.push_back(fetch(owned_value, value, at_once));
              if (ending == later) operations.push_back({Kind::finish_fetch, 0, 0, 0, 0, 0, 0, 0});
              if (ending == dropped) operations.push_back({Kind::drop_fetch, 0, 0, 0, 0, 0, 0, 0});
              operations.push_back(fetch(optional, none_or_error, at_once));
              operations.push_back(advance(2));
              operations.push_back(fetch(expected, value, at_once));
              operations.push_back(on_key(Kind::get));
              const std::string fault = play(program);
              if (!fault.empty()) model::check(program, play, "features " + std::to_string(features));
            }
          }
        }
      }
    }
  }
  const tiercache::TierStats& stats = model::happened.stats;
  for (const std::uint64_t count : {stats.stale_hits, stats.not_found_hits, stats.fetches_joined, stats.fetch_failures,
                                    stats.updates, stats.expirations}) {
    CHECK(count > 0);
  }
}
