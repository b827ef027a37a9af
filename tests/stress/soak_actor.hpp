// The threads of the soak: what each decides by chance, and what they run for one another.
#pragma once

#include "soak_history.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <random>
#include <utility>
#include <vector>

namespace soak {

/// Thrown by what is made to fail. Empty: what an exception that several threads catch holds is freed under a count
/// inside the standard library, which ThreadSanitizer does not see.
struct Fault {};

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : generator_(seed) {}

  [[nodiscard]] std::uint32_t below(std::size_t bound) { return static_cast<std::uint32_t>(generator_() % bound); }
  [[nodiscard]] bool is_one_in(std::uint32_t count) { return below(count) == 0; }
  /// A few keys often, so that calls meet, and others of so many that most are not held.
  [[nodiscard]] std::uint32_t key() {
    const std::uint32_t kind = below(8);
    return below(kind < 4 ? 16 : kind < 6 ? 256 : shared_key_count);
  }

 private:
  std::mt19937_64 generator_;
};

/// What was posted, to be run by any thread, in any order.
class Jobs {
 public:
  void post(std::function<void()> job) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  /// Runs one; tells whether there was any.
  bool run_one(Chance& chance) {
    std::function<void()> job;
    {
      const std::lock_guard lock(mutex_);
      if (jobs_.empty()) return false;
      std::swap(jobs_[chance.below(jobs_.size())], jobs_.back());
      job = std::move(jobs_.back());
      jobs_.pop_back();
    }
    job();
    return true;
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return jobs_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::function<void()>> jobs_;
};

/// A fetch that is suspended at its caller's, and goes with it.
class HomeCall;

/// One thread of the soak. Those that are loops never block, so that they can end what the others wait for.
class Actor {
 public:
  Actor(std::size_t its_index, std::uint64_t seed) : index(its_index), chance(seed) {}

  const std::size_t index;
  Chance chance;
  /// What is to be run on this thread.
  Jobs inbox;
  std::vector<HomeCall*> suspended;
  bool is_in_listener = false;

  /// A key that only this thread fetches.
  [[nodiscard]] std::uint32_t own_key() {
    return shared_key_count + own_key_count * static_cast<std::uint32_t>(index) + chance.below(own_key_count);
  }
  [[nodiscard]] bool is_loop() const { return index < thread_count / 2; }

  /// The actor of this thread; null outside of the soak, where nothing fails.
  static inline thread_local Actor* here = nullptr;
};

/// Throws, once in so many times.
inline void may_fail(std::uint32_t one_in) {
  if (Actor::here != nullptr && Actor::here->chance.is_one_in(one_in)) throw Fault();
}

}  // namespace soak
