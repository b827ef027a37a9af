// Checking programs: each is played; one that fails is made as small as it can be made by leaving operations out, and
// printed with what replays it.
#pragma once

#include "catch.hpp"
#include "configs.hpp"
#include "operations.hpp"
#include "player.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>

namespace model {

/// Plays a program on a cache with an eviction policy; returns what was wrong, or nothing.
template <class Eviction>
[[nodiscard]] std::string play(const Program& program) {
  set_clock(program.start);
  return program.is_shared ? Player<support::Shared, Eviction>(program).run()
                           : Player<support::Local, Eviction>(program).run();
}

using Play = std::function<std::string(const Program&)>;

/// Leaves out of a program that fails whatever it fails without.
[[nodiscard]] inline Program shrunk(Program program, const Play& play) {
  const auto fails = [&play](const Program& smaller) { return !play(smaller).empty(); };
  for (std::size_t length = program.operations.size(); length != 0; length /= 2) {
    for (std::size_t first = 0; first < program.operations.size();) {
      Program smaller = program;
      const auto begin = smaller.operations.begin() + static_cast<std::ptrdiff_t>(first);
      const std::size_t left = program.operations.size() - first;
      smaller.operations.erase(begin, begin + static_cast<std::ptrdiff_t>(length < left ? length : left));
      if (fails(smaller)) {
        program = std::move(smaller);
      } else {
        first += length;
      }
    }
  }
  const auto try_zero = [&](auto&& byte_of) {
    Program smaller = program;
    byte_of(smaller) = 0;
    if (fails(smaller)) program = std::move(smaller);
  };
  for (std::size_t i = 0; i < Program::tier_count * Program::policy_size; ++i) {
    try_zero(
        [i](Program& p) -> std::uint8_t& { return p.policies[i / Program::policy_size][i % Program::policy_size]; });
  }
  for (std::size_t i = 0; i < program.operations.size(); ++i) {
    for (const auto field : {&Operation::a, &Operation::b, &Operation::c, &Operation::d, &Operation::e}) {
      try_zero([i, field](Program& p) -> std::uint8_t& { return p.operations[i].*field; });
    }
  }
  return program;
}

/// Plays a program and fails with a smaller one, if it does.
inline void check(const Program& program, const Play& play, const std::string& origin) {
  const std::string fault = play(program);
  if (fault.empty()) return;
  const Program smaller = shrunk(program, play);
  FAIL(origin << ": " << fault << "\nsmaller: " << play(smaller) << "\n"
              << smaller.describe() << "replay it with TIERCACHE_MODEL_PROGRAM='" << smaller.to_text() << "'");
}

/// Plays the program that the environment names instead of others; tells whether it names one. It is one for a certain
/// eviction policy.
inline bool replays(const Play& play, std::uint8_t eviction) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  const char* const text = std::getenv("TIERCACHE_MODEL_PROGRAM");
  if (text == nullptr) return false;
  const Program program = Program::from_text(text);
  if (program.eviction != eviction) return true;
  WARN(program.describe());
  const std::string fault = play(program);
  if (!fault.empty()) FAIL(fault);
  return true;
}

}  // namespace model
