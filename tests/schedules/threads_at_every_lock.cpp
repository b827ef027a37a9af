#include "catch.hpp"
#include "scheduled_threading.hpp"
#include "threaded_play.hpp"

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

using namespace support;

namespace {

/// Returns what went wrong in the run that comes of a seed, if anything: the program, the kind of lock and all choices.
std::string run(ThreadScheduler& scheduler, std::uint32_t seed, std::string* told = nullptr) {
  std::mt19937 dice(seed);
  const ThreadedProgram program = drawn_program(dice);
  using Grain = ThreadScheduler::Grain;
  const Grain grain = dice() % 2 == 0 ? Grain::fine : Grain::coarse;
  const bool has_readers = dice() % 2 == 0;
  DrawnChoices choices(dice);
  if (told != nullptr) *told = program.text() + (has_readers ? " | two places" : " | one place");
  return has_readers ? ThreadedPlay<TwoPlaces>::run(scheduler, program, choices, grain, told)
                     : ThreadedPlay<OnePlace>::run(scheduler, program, choices, grain, told);
}

[[nodiscard]] std::string replay_of(std::uint32_t seed) {
  return "TIERCACHE_THREADS_SEED=" + std::to_string(seed);
}

/// Runs a seed again and tells what happens.
void fail(ThreadScheduler& scheduler, std::uint32_t seed) {
  std::string told;
  const CrashReport report([&] { return replay_of(seed) + "\n" + told; });
  const std::string broken = run(scheduler, seed, &told);
  INFO(replay_of(seed) << "\n" << told);
  if (!broken.empty()) FAIL(broken);
  WARN("nothing goes wrong");
}

/// Returns the first seed with which something goes wrong, or `end`.
[[nodiscard]] std::uint32_t first_that_fails(ThreadScheduler& scheduler, std::uint32_t end) {
  std::uint32_t seed = 0;
  const CrashReport report([&seed] { return replay_of(seed); });
  while (seed < end && run(scheduler, seed).empty()) ++seed;
  return seed;
}

TEST_CASE("P1 to P12: threads that may be stopped at any lock keep all promises") {
  ThreadScheduler scheduler = scheduled_threads();
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  if (const char* const wanted = std::getenv("TIERCACHE_THREADS_SEED")) {
    return fail(scheduler, static_cast<std::uint32_t>(std::strtoul(wanted, nullptr, 10)));
  }
  constexpr std::uint32_t end = 20'000;
  const std::uint32_t seed = first_that_fails(scheduler, end);
  if (seed != end) fail(scheduler, seed);
}

TEST_CASE("a seed has the same threads go on at the same points again") {
  ThreadScheduler scheduler = scheduled_threads();
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    std::string first;
    std::string second;
    CHECK(run(scheduler, seed, &first) == run(scheduler, seed, &second));
    CHECK(first == second);
  }
}

}  // namespace
