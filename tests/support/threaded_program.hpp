// ThreadedProgram: what each of several threads does with a cache, one after the other. How it is played is in
// threaded_play.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace support {

/// What a thread can do. What asks, waits for an answer: with a fetch of its own that is no coroutine; that is one;
/// that belongs to the cache; resumed by a job on its thread; the same, and it may leave before; stopped, perhaps, by
/// another thread; for many keys.
enum class Do : std::uint8_t {
  get,
  visit,
  peek,
  ask_plainly,
  ask,
  ask_owned,
  ask_posted,
  ask_and_leave,
  ask_stoppable,
  ask_owned_stoppable,
  ask_many,
  ask_many_owned,
  ask_many_and_leave,
  put,
  write,
  invalidate,
  invalidate_tier,
  invalidate_all_by_predicate,
  invalidate_none_by_predicate,
  clear,
  expire,
  purge,
  trim,
  look_at_statistics,
  stop,
  close,
};

/// How a fetch ends: at once or later, with a value or a failure.
enum class Ending : std::uint8_t { at_once, later, failure_at_once, failure_later };

struct Deed {
  Do what;
  /// The key, the first of two, or the thread that is told to stop.
  int key = 0;
  Ending ending = Ending::at_once;

  [[nodiscard]] bool asks() const noexcept { return what >= Do::ask_plainly && what <= Do::ask_many_and_leave; }
  [[nodiscard]] bool fails() const noexcept {
    return ending == Ending::failure_at_once || ending == Ending::failure_later;
  }
  [[nodiscard]] bool takes_time() const noexcept { return ending == Ending::later || ending == Ending::failure_later; }
  [[nodiscard]] std::string text() const {
    constexpr const char* deeds[] = {
        "get",
        "visit",
        "peek",
        "ask plainly",
        "ask",
        "ask owned",
        "ask posted",
        "ask and leave",
        "ask stoppable",
        "ask owned stoppable",
        "ask many",
        "ask many owned",
        "ask many and leave",
        "put",
        "write",
        "invalidate",
        "invalidate tier",
        "invalidate_if all",
        "invalidate_if none",
        "clear",
        "expire",
        "purge",
        "trim",
        "look at statistics",
        "stop",
        "close",
    };
    constexpr const char* endings[] = {"", ", later", ", failing", ", failing later"};
    return deeds[static_cast<std::size_t>(what)] + (" " + std::to_string(key)) +
           endings[static_cast<std::size_t>(ending)];
  }
};

struct ThreadedProgram {
  static constexpr int keys = 3;

  std::vector<std::vector<Deed>> threads;
  /// Whether the cache has a value of the first two keys before.
  bool is_filled = false;

  [[nodiscard]] std::string text() const {
    std::string text(is_filled ? "filled" : "empty");
    for (const auto& deeds : threads) {
      text += " |";
      for (const Deed& deed : deeds) text += (&deed == &deeds.front() ? " " : "; ") + deed.text();
    }
    return text;
  }
};

/// Returns the program that comes of a seed.
[[nodiscard]] inline ThreadedProgram drawn_program(std::mt19937& dice) {
  ThreadedProgram program;
  const auto below = [&dice](unsigned count) { return static_cast<unsigned>(dice() % count); };
  program.is_filled = below(2) == 0;
  program.threads.resize(2 + below(2));
  // The fewer keys there are, the more they are about the same.
  const unsigned keys = 1 + below(ThreadedProgram::keys);
  for (auto& deeds : program.threads) {
    deeds.resize(1 + below(4));
    for (Deed& deed : deeds) {
      const auto last = static_cast<unsigned>(below(16) == 0 ? Do::close : Do::stop);
      deed.what = static_cast<Do>(below(last + 1));
      deed.key = static_cast<int>(below(keys));
      deed.ending = static_cast<Ending>(below(8) == 0 ? 2 + below(2) : below(2));
    }
  }
  return program;
}

}  // namespace support
