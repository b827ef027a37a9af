// The tiers that the two units of the guard program share.
#pragma once

#include <tiercache/tiercache.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace guard {

struct Workspace : tiercache::Tier<tiercache::Unkeyed, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = tiercache::forever, .expected_hit_rate = 0.9};
};

struct Boards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{
      .ttl = std::chrono::minutes(3), .not_found_ttl = std::chrono::seconds(5), .capacity = 10};
  using eviction = tiercache::Lru;
  static constexpr std::string_view name = "boards";
};

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{
      .ttl = std::chrono::minutes(1), .capacity = 4, .trim_to = 2, .max_weight = 1000};
  using eviction = tiercache::OldestFirst;
  static std::size_t weigh(int, const std::string& card) { return card.size(); }
};

struct Pictures : tiercache::Tier<int, std::shared_ptr<const std::string>> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::hours(1)};
};

struct MoveOnly : tiercache::Tier<int, std::unique_ptr<int>> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::hours(1)};
};

struct ManualConfig {
  using clock = tiercache::ManualClock;
  using threading = tiercache::MultiThreaded;
};

using Shared = tiercache::TieredCache<Workspace, Boards, Cards, Pictures, MoveOnly>;
using Local = tiercache::LocalTieredCache<Workspace, Boards, Cards, Pictures, MoveOnly>;
using Manual = tiercache::BasicTieredCache<ManualConfig, Cards>;

/// Defined in the second unit: what that unit reads from the cache.
std::string board_of_second_unit(Shared& cache);

}  // namespace guard
