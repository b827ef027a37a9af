// All programs for one eviction policy: the product of what a tier can be told, with a random program for each; and
// those whose clock starts where its range ends.
#pragma once

#include "allocations.hpp"
#include "catch.hpp"
#include "check.hpp"
#include "happened.hpp"
#include "operations.hpp"
#include "watchdog.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <type_traits>

namespace model {

template <class Eviction>
inline constexpr std::uint8_t number_of_policy = std::is_same_v<Eviction, tiercache::AdaptiveClock> ? 0
                                                 : std::is_same_v<Eviction, tiercache::Sieve>       ? 1
                                                 : std::is_same_v<Eviction, tiercache::Lru>         ? 2
                                                                                                    : 3;

/// Goes through the numbers of a product of choices.
class Choices {
 public:
  explicit Choices(std::uint32_t number) noexcept : left_(number) {}
  std::uint8_t below(std::uint8_t count) noexcept {
    const auto choice = static_cast<std::uint8_t>(left_ % count);
    left_ /= count;
    return choice;
  }

 private:
  std::uint32_t left_;
};

/// The program that a seed stands for: both kinds of threading, every capacity, every TTL, every weight, in turn.
[[nodiscard]] inline Program program_of(std::uint32_t seed, std::size_t length) {
  Choices choices(seed);
  Program program = Program::from_seed(seed, length);
  program.is_shared = choices.below(2) != 0;
  const std::uint8_t capacity = choices.below(capacity_count);
  const std::uint8_t ttl = choices.below(plain_ttl_count);
  program.weights = choices.below(5);
  program.start = 0;
  for (std::uint8_t tier = 0; tier < Program::tier_count; ++tier) {
    // The others are otherwise, so that no program is about nothing.
    program.policies[tier][0] = static_cast<std::uint8_t>((capacity + tier * 2U) % capacity_count);
    program.policies[tier][1] = static_cast<std::uint8_t>((ttl + tier * 2U) % plain_ttl_count);
  }
  // Looking over a hundred entries after each operation takes as much longer.
  if (capacity == capacity_100) program.operations.resize(length / 8);
  return program;
}
inline constexpr std::uint32_t product = 2U * capacity_count * plain_ttl_count * 5U;

/// The same with the clock near an end of its range, and TTLs near theirs.
[[nodiscard]] inline Program program_near_the_end(std::uint32_t seed) {
  Choices choices(seed);
  Program program = Program::from_seed(seed ^ 0x5eed'0000U, 300);
  program.is_shared = choices.below(2) != 0;
  program.start = static_cast<std::uint8_t>(1 + choices.below(start_count - 1));
  const std::uint8_t ttl = choices.below(ttl_count);
  for (std::uint8_t tier = 0; tier < Program::tier_count; ++tier) {
    program.policies[tier][0] = static_cast<std::uint8_t>(tier + 2);
    program.policies[tier][1] = static_cast<std::uint8_t>((ttl + tier) % ttl_count);
    program.policies[tier][4] = 0;
  }
  program.policies[0][0] = 3;
  return program;
}
inline constexpr std::uint32_t product_of_ends = 2U * (start_count - 1) * ttl_count;

/// Plays a program, and checks that it gives all memory back.
template <class Eviction>
[[nodiscard]] std::string play_without_leak(const Program& program) {
  const std::ptrdiff_t live = support::Allocations::live;
  std::string fault = play<Eviction>(program);
  const std::ptrdiff_t kept = fault.capacity() > std::string().capacity() ? 1 : 0;
  return fault.empty() && support::Allocations::live != live + kept ? "memory is not given back" : fault;
}

/// Checks the programs of the seeds from 0 on, or what the environment names: `TIERCACHE_MODEL_PROGRAM`, a program;
/// `TIERCACHE_MODEL_SEED`, one seed. Seeds above the product go through it again with other operations.
template <class Eviction, class MakeProgram>
void check_seeds(std::uint32_t count, const char* name, const MakeProgram& make) {
  const Play play = play_without_leak<Eviction>;
  if (replays(play, number_of_policy<Eviction>)) return;
  std::array<char, 80> origin{};
  const support::Watchdog watchdog(origin.data());
  const auto check_seed = [&](std::uint32_t seed) {
    std::snprintf(origin.data(), origin.size(), "%s%u", name, static_cast<unsigned>(seed));
    Program program = make(seed);
    program.eviction = number_of_policy<Eviction>;
    INFO(origin.data());  // for what ends in a signal
    model::check(program, play, origin.data());
  };
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  if (const char* const seed = std::getenv("TIERCACHE_MODEL_SEED")) {
    const auto number = static_cast<std::uint32_t>(std::stoul(seed));
    std::fprintf(stderr, "%s", make(number).describe().c_str());  // at once, since it may hang
    return check_seed(number);
  }
  happened = {};
  std::size_t operations = 0;
  for (std::uint32_t seed = 0; seed < count; ++seed) {
    operations += make(seed).operations.size();
    check_seed(seed);
  }
  // What never happened was not tested.
  for (const auto counter : tiercache::detail::counters) CHECK(happened.stats.*counter > 0);
  for (const std::uint64_t reports : happened.reports) CHECK(reports > 0);
  INFO(operations);
  CHECK(happened.operations >= operations);
}

template <class Eviction>
void check_all() {
  check_seeds<Eviction>(product, "TIERCACHE_MODEL_SEED=", [](std::uint32_t seed) { return program_of(seed, 1250); });
  if (happened.operations < product) return;  // the environment named one
  for (std::size_t fact = 0; fact < happened.facts.size(); ++fact) {
    INFO("fact " << fact);
    CHECK(happened.facts[fact] > 0);
  }
}
template <class Eviction>
void check_ends_of_time() {
  check_seeds<Eviction>(product_of_ends, "near the end of time, TIERCACHE_MODEL_SEED=", program_near_the_end);
}

}  // namespace model
