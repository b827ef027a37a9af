// Program: what the model test runs, as data: how the cache is set up, and a list of operations. It is made of bytes,
// so that a seed, a fuzzer or a printed line can stand for it, and any part of the list is a program again. What an
// operation does is known to player.hpp.
#pragma once

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace model {

using namespace std::chrono_literals;
using tiercache::TierPolicy;
using tiercache::Ttl;

/// The kinds of operations. To add one: name it here and in `kind_names`, say how often it comes in `kind_chances`, and
/// play it in Player::play.
enum class Kind : std::uint8_t {
  advance,
  put,
  put_with_ttl,
  put_entry,
  fill,
  get,
  peek,
  visit,
  fetch,
  fetch_many,
  finish_fetch,
  drop_fetch,
  leave,
  stop,
  run_job,
  write,
  invalidate,
  invalidate_if,
  invalidate_tier,
  clear,
  trim,
  purge,
  purge_all,
  set_policy,
  set_bad_policy,
  set_loader,
  on_removal,
  reset_stats,
};
inline constexpr std::string_view kind_names[] = {
    "advance", "put",       "put_with_ttl", "put_entry",      "fill",       "get",        "peek",
    "visit",   "fetch",     "fetch_many",   "finish_fetch",   "drop_fetch", "leave",      "stop",
    "run_job", "write",     "invalidate",   "invalidate_if",  "invalidate", "clear",      "trim",
    "purge",   "purge_all", "set_policy",   "set_bad_policy", "set_loader", "on_removal", "reset_stats"};
inline constexpr unsigned kind_chances[] = {9, 8, 4, 4, 1, 8, 1, 3, 24, 7, 14, 2, 7, 4,
                                            5, 3, 4, 2, 1, 1, 2, 2, 1,  3, 1,  1, 1, 1};
inline constexpr std::size_t kind_count = std::size(kind_names);
static_assert(std::size(kind_chances) == kind_count);

/// One operation. What the bytes `a` to `e` mean depends on the kind; every value means something.
struct Operation {
  Kind kind{};
  std::uint8_t tier = 0;
  std::uint8_t key = 0;
  std::uint8_t a = 0;
  std::uint8_t b = 0;
  std::uint8_t c = 0;
  std::uint8_t d = 0;
  std::uint8_t e = 0;

  static constexpr std::size_t size = 8;
};

/// One of a list, by any number.
template <class T, std::size_t count>
[[nodiscard]] constexpr const T& choose(const T (&list)[count], unsigned number) noexcept {
  return list[number % count];
}

inline constexpr Ttl longest_but_forever = std::chrono::nanoseconds((std::chrono::nanoseconds::max)() - 1ns);

/// A policy as five bytes: capacity; TTL; what is served past it; what is remembered of absences, jitter and trimming;
/// weight.
[[nodiscard]] inline TierPolicy policy_of(std::span<const std::uint8_t, 5> bytes) {
  static constexpr std::size_t capacities[] = {0, 1, 2, 3, 100, tiercache::unbounded};
  static constexpr Ttl ttls[] = {
      0ns, 1ns, 1min, tiercache::forever, longest_but_forever, 30s, (std::chrono::hours::max)()};
  static constexpr Ttl stale_for[] = {0ns, 1ns, 10s, tiercache::forever};
  static constexpr Ttl stale_if_error[] = {0ns, 1ns, 1min, longest_but_forever};
  static constexpr Ttl retry_after[] = {0ns, 1ns, 5s, tiercache::forever};
  static constexpr Ttl idle_for[] = {0ns, 0ns, 20s, longest_but_forever};
  static constexpr Ttl not_found[] = {0ns, 1ns, 10s, tiercache::forever};
  static constexpr double jitter[] = {0.0, 0.0, 0.5, 1.0};
  static constexpr std::size_t weights[] = {tiercache::unbounded, 3, (std::size_t{1} << 33) + 1, 1,
                                            tiercache::unbounded, 0};
  TierPolicy policy;
  policy.capacity = choose(capacities, bytes[0]);
  policy.ttl = choose(ttls, bytes[1]);
  policy.stale_for = choose(stale_for, bytes[2]);
  policy.stale_if_error = choose(stale_if_error, bytes[2] >> 2);
  policy.retry_after = choose(retry_after, bytes[2] >> 4);
  policy.idle_for = choose(idle_for, bytes[2] >> 6);
  policy.not_found_ttl = choose(not_found, bytes[3]);
  policy.jitter = choose(jitter, bytes[3] >> 2);
  policy.expected_hit_rate = 0.25 * (bytes[3] >> 6 & 3);
  const unsigned trim = bytes[3] >> 4 & 3;
  if (trim != 0 && policy.capacity != tiercache::unbounded) policy.trim_to = policy.capacity * trim / 3;
  policy.max_weight = choose(weights, bytes[4]);
  return policy;
}

/// The numbers in `policy_of`'s lists that tests name.
enum : std::uint8_t { capacity_count = 6, capacity_100 = 4, ttl_count = 7, plain_ttl_count = 4, weight_count = 6 };

struct Program {
  static constexpr std::size_t tier_count = 3;
  static constexpr std::size_t policy_size = 5;

  // The setup.
  bool is_shared = false;
  std::uint8_t eviction = 0;
  /// Which weights values have: one of four, or any.
  std::uint8_t weights = 0;
  /// Where the clock starts.
  std::uint8_t start = 0;
  /// What decides all hashes.
  std::uint8_t hashes = 0;
  /// How it ends: whether the cache goes before the callers do.
  std::uint8_t end = 0;
  std::array<std::array<std::uint8_t, policy_size>, tier_count> policies{};

  std::vector<Operation> operations;

  /// A program that a seed stands for, with so many operations.
  [[nodiscard]] static Program from_seed(std::uint32_t seed, std::size_t count) {
    std::mt19937 random(seed);
    const auto byte = [&random] { return static_cast<std::uint8_t>(random() >> 8); };
    Program program;
    for (std::uint8_t* field : program.setup()) *field = byte();
    for (auto& policy : program.policies) {
      for (std::uint8_t& part : policy) part = byte();
      // What most tiers do not ask for is left out of every second one: all at once would hide each other.
      if (random() % 2 == 0) policy[2] = 0;
      if (random() % 2 == 0) policy[3] = 0;
    }
    program.operations.resize(count);
    for (Operation& operation : program.operations) {
      operation = {some_kind(random()), byte(), byte(), byte(), byte(), byte(), byte(), byte()};
    }
    return program;
  }

  /// The program that any bytes stand for.
  [[nodiscard]] static Program from_bytes(std::span<const std::uint8_t> bytes) {
    Program program;
    const auto next = [&bytes] {
      if (bytes.empty()) return std::uint8_t{0};
      const std::uint8_t byte = bytes.front();
      bytes = bytes.subspan(1);
      return byte;
    };
    program.is_shared = next() % 2 != 0;
    for (std::uint8_t* field : program.setup()) *field = next();
    for (auto& policy : program.policies) {
      for (std::uint8_t& part : policy) part = next();
    }
    while (bytes.size() >= Operation::size) {
      const auto kind = static_cast<Kind>(next() % kind_count);
      program.operations.push_back({kind, next(), next(), next(), next(), next(), next(), next()});
    }
    return program;
  }
  [[nodiscard]] std::vector<std::uint8_t> to_bytes() const {
    std::vector<std::uint8_t> bytes{static_cast<std::uint8_t>(is_shared), eviction, weights, start, hashes, end};
    for (const auto& policy : policies) bytes.insert(bytes.end(), policy.begin(), policy.end());
    for (const Operation& o : operations) {
      bytes.insert(bytes.end(), {static_cast<std::uint8_t>(o.kind), o.tier, o.key, o.a, o.b, o.c, o.d, o.e});
    }
    return bytes;
  }

  [[nodiscard]] static Program from_text(std::string_view hex) {
    std::vector<std::uint8_t> bytes;
    std::string digits;
    for (const char digit : hex) {
      if (std::isxdigit(static_cast<unsigned char>(digit)) == 0) continue;
      digits += digit;
      if (digits.size() < 2) continue;
      bytes.push_back(static_cast<std::uint8_t>(std::stoul(digits, nullptr, 16)));
      digits.clear();
    }
    return from_bytes(bytes);
  }
  [[nodiscard]] std::string to_text() const {
    std::string hex;
    for (const std::uint8_t byte : to_bytes()) {
      if (hex.size() % 17 == 16) hex += ' ';  // for whoever breaks lines
      hex += "0123456789abcdef"[byte >> 4];
      hex += "0123456789abcdef"[byte & 15];
    }
    return hex;
  }

  /// In words, for whoever reads a failure.
  [[nodiscard]] std::string describe() const {
    static constexpr std::string_view tiers[] = {"Cards", "Boards", "Motto"};
    std::string text;
    for (std::size_t tier = 0; tier < tier_count; ++tier) {
      const TierPolicy p = policy_of(policies[tier]);
      text += "  " + std::string(tiers[tier]) + ": ttl " + in_words(p.ttl) + ", stale_for " + in_words(p.stale_for) +
              ", stale_if_error " + in_words(p.stale_if_error) + ", retry_after " + in_words(p.retry_after) +
              ", idle_for " + in_words(p.idle_for) + ", not_found_ttl " + in_words(p.not_found_ttl) + ", jitter " +
              std::to_string(p.jitter) + ", capacity " + in_words(p.capacity) + ", trim_to " +
              std::to_string(p.trim_to) + ", max_weight " + in_words(p.max_weight) + "\n";
    }
    for (const Operation& o : operations) {
      text += "  " + std::string(kind_names[static_cast<std::size_t>(o.kind)]);
      for (const unsigned number : {o.tier, o.key, o.a, o.b, o.c, o.d, o.e}) text += " " + std::to_string(number);
      text += "\n";
    }
    return text;
  }

 private:
  [[nodiscard]] std::array<std::uint8_t*, 5> setup() noexcept { return {&eviction, &weights, &start, &hashes, &end}; }

  [[nodiscard]] static Kind some_kind(std::size_t random) noexcept {
    static constexpr unsigned sum = [] {
      unsigned all = 0;
      for (const unsigned chance : kind_chances) all += chance;
      return all;
    }();
    std::size_t left = random % sum;
    std::size_t kind = 0;
    while (left >= kind_chances[kind]) left -= kind_chances[kind++];
    return static_cast<Kind>(kind);
  }

  [[nodiscard]] static std::string in_words(std::size_t bound) {
    return bound == tiercache::unbounded ? "unbounded" : std::to_string(bound);
  }
  [[nodiscard]] static std::string in_words(Ttl ttl) {
    return ttl == tiercache::forever ? "forever" : std::to_string(ttl.duration().count()) + " ns";
  }
};

}  // namespace model
