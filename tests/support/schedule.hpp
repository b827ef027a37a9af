// Schedule: one list of choices, which makes one interleaving of a program that runs on one thread. Exploration: runs a
// program once for every list that there is, or for one that is drawn, and prints the list that fails, so that it can
// be run again by itself:
//
//   TIERCACHE_SCHEDULE='two who ask#0,2,1' build/tiercache_schedules
//
// What a program does, and when it fails, is not known here.
#pragma once

#include "catch.hpp"

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#if defined(__has_include)
#if __has_include(<unistd.h>)
#include <unistd.h>
#define TIERCACHE_TEST_HAS_ALARM 1
#endif
#endif

// Defined where the program is built with a sanitizer.
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());

namespace support {

/// An odometer of choices. A program that is run with one choice after the other, and then again after `advance()`,
/// until that says no, has made every choice in every combination.
class Schedule {
 public:
  Schedule() = default;
  /// One that begins with these choices.
  explicit Schedule(const std::vector<std::size_t>& choices) {
    for (const std::size_t choice : choices) digits_.push_back({choice, 0});
  }
  /// One whose choices are drawn: for the same seed, the same ones.
  explicit Schedule(std::mt19937 random) : random_(random) {}

  /// Returns which of `count` things is to happen now: the same as in the run before, or else the first or a drawn one.
  [[nodiscard]] std::size_t choose(std::size_t count) {
    if (count < 2) return 0;
    if (used_ == digits_.size()) digits_.push_back({random_ ? (*random_)() % count : 0, count});
    Digit& digit = digits_[used_++];
    digit.count = count;
    if (digit.chosen >= count) {
      fits_ = false;
      digit.chosen = 0;
    }
    return digit.chosen;
  }

  /// Goes on to the next list of choices. Returns false if there is none.
  [[nodiscard]] bool advance() {
    digits_.resize(used_);
    while (!digits_.empty() && digits_.back().chosen + 1 == digits_.back().count) digits_.pop_back();
    if (digits_.empty()) return false;
    ++digits_.back().chosen;
    used_ = 0;
    return true;
  }

  /// Has what happens written down.
  void tell_all() noexcept { tells_ = true; }
  [[nodiscard]] bool tells() const noexcept { return tells_; }
  void tell(const std::string& step) { told_ += "\n  " + step; }
  /// Where what happens is written down, for who does so otherwise; null if it is not.
  [[nodiscard]] std::string* told_to() noexcept { return tells_ ? &told_ : nullptr; }
  [[nodiscard]] const std::string& told() const noexcept { return told_; }

  /// Whether every choice that was given could be made.
  [[nodiscard]] bool fits() const noexcept { return fits_; }

  /// The choices made so far, as `parse` reads them.
  [[nodiscard]] std::string text() const {
    std::string text;
    for (std::size_t i = 0; i < used_; ++i) (text += i == 0 ? "" : ",") += std::to_string(digits_[i].chosen);
    return text;
  }
  [[nodiscard]] static std::vector<std::size_t> parse(const std::string& text) {
    std::vector<std::size_t> choices;
    for (const char* rest = text.c_str(); *rest != '\0';) {
      char* end = nullptr;
      choices.push_back(std::strtoul(rest, &end, 10));
      if (end == rest) break;
      rest = *end == ',' ? end + 1 : end;
    }
    return choices;
  }

 private:
  struct Digit {
    std::size_t chosen;
    std::size_t count;
  };

  std::optional<std::mt19937> random_;
  std::vector<Digit> digits_;
  std::size_t used_ = 0;
  bool fits_ = true;
  bool tells_ = false;
  std::string told_;
};

/// Says what was running when the program crashes, hangs, or a sanitizer ends it: by `replay()`, which says how to run
/// that again.
class CrashReport {
 public:
  explicit CrashReport(std::function<std::string()> replay) {
    replay_ = std::move(replay);
#if TIERCACHE_TEST_HAS_ALARM
    std::signal(SIGALRM, &hung);
    ::alarm(240);  // far longer than any takes, and before whoever runs the tests gives up
#endif
    if (__sanitizer_set_death_callback != nullptr) {
      __sanitizer_set_death_callback(&print);
    } else {
      for (auto& [signal, before] : handlers_) before = std::signal(signal, &crashed);
    }
  }
  CrashReport(const CrashReport&) = delete;
  CrashReport& operator=(const CrashReport&) = delete;
  ~CrashReport() {
#if TIERCACHE_TEST_HAS_ALARM
    ::alarm(0);
#endif
    replay_ = nullptr;
    if (__sanitizer_set_death_callback != nullptr) return;
    for (auto& [signal, before] : handlers_) std::signal(signal, before);
  }

 private:
  using Handler = void (*)(int);

  static void print() {
    if (replay_) std::fprintf(stderr, "It ended in %s\n", replay_().c_str());
  }
  static void hung(int) {
    std::fprintf(stderr, "This goes on and on.\n");
    if (__sanitizer_set_death_callback != nullptr) print();  // or else by what follows
    std::abort();
  }
  static void crashed(int signal) {
    print();
    for (auto& [its, before] : handlers_) std::signal(its, before);
    std::raise(signal);
  }

  static inline std::function<std::string()> replay_;
  static inline std::pair<int, Handler> handlers_[] = {{SIGSEGV, SIG_DFL}, {SIGABRT, SIG_DFL}};
};

/// Says how one schedule of a program is run again.
[[nodiscard]] inline std::string replay_of(const std::string& program, const std::string& choices) {
  return "TIERCACHE_SCHEDULE='" + program + "#" + choices + "'";
}

/// What became of the schedules of one program.
struct Explored {
  std::size_t schedules = 0;
  /// What went wrong in the last of them, if anything.
  std::string broken;
  std::string choices;
};

/// Runs `run(schedule)` by this schedule and all that come after it, until one returns a sentence about what went
/// wrong.
template <class Run>
[[nodiscard]] Explored search(const std::string& program, Schedule schedule, const Run& run) {
  const CrashReport report([&] { return replay_of(program, schedule.text()); });
  Explored explored;
  do {
    ++explored.schedules;
    explored.broken = run(schedule);
  } while (explored.broken.empty() && schedule.advance());
  explored.choices = schedule.text();
  return explored;
}

/// The programs of one test.
class Exploration {
 public:
  /// Runs the program by every schedule, and fails the test at the first one that goes wrong.
  template <class Run>
  void operator()(const std::string& program, const Run& run) {
    if (is_replaying()) return replay(program, run);
    const Explored explored = search(program, Schedule(), run);
    schedules_ += explored.schedules;
    if (!explored.broken.empty()) fail(program, explored.choices, run);
    if (explored.schedules < 2) FAIL("there is nothing to choose in " << program);
  }

  /// Runs the program by one schedule, which the seed stands for, and fails the test if it goes wrong.
  template <class Run>
  void draw(const std::string& program, std::uint32_t seed, const Run& run) {
    if (is_replaying()) return replay(program, run);
    Schedule schedule{std::mt19937(seed)};
    const CrashReport report([&] { return replay_of(program, schedule.text()); });
    ++schedules_;
    if (!run(schedule).empty()) fail(program, schedule.text(), run);
  }

  /// Fails the test if fewer schedules were run than there are meant to be.
  void expect_at_least(std::size_t count) const {
    INFO(schedules_ << " schedules");
    if (!is_replaying()) CHECK(schedules_ >= count);
  }

 private:
  [[nodiscard]] bool is_replaying() const noexcept { return replayed_ != nullptr; }

  template <class Run>
  void replay(const std::string& program, const Run& run) const {
    const std::string wanted = unwrapped(replayed_);
    const std::size_t end = wanted.rfind('#');
    if (wanted.substr(0, end) == program) fail(program, wanted.substr(end + 1), run);
  }
  /// Returns a text as it was before it was printed in several lines.
  [[nodiscard]] static std::string unwrapped(const char* text) {
    std::string joined;
    for (; *text != '\0'; ++text) {
      const bool is_space = *text == ' ' || *text == '\n';
      if (!is_space || joined.empty() || joined.back() != ' ') joined += is_space ? ' ' : *text;
    }
    return joined;
  }
  /// Runs one schedule and tells what happens in it.
  template <class Run>
  static void fail(const std::string& program, const std::string& choices, const Run& run) {
    const std::string text = replay_of(program, choices);
    Schedule schedule(Schedule::parse(choices));
    schedule.tell_all();
    const CrashReport report([&] { return text + schedule.told(); });
    std::string broken = run(schedule);
    if (!schedule.fits()) broken += " (some of these choices could not be made)";
    INFO(text << schedule.told());
    if (!broken.empty()) FAIL(broken);
    WARN("nothing goes wrong");
  }

  const char* replayed_ = std::getenv("TIERCACHE_SCHEDULE");
  std::size_t schedules_ = 0;
};

}  // namespace support
