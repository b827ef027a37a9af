// ThreadScheduler: real threads of which one runs at a time. Where they reach a point, such as a lock, a source of
// choices says which of them goes on. What they do, and what is a point, is not known here.
#pragma once

#include "schedule.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace support {

/// Says which of the threads that can go on does.
class Choices {
 public:
  /// Returns one of `count`. If `may_stay`, the first is the one that runs already.
  [[nodiscard]] virtual std::size_t choose(std::size_t count, bool may_stay) = 0;

 protected:
  ~Choices() = default;
};

/// Those of a schedule, in which a thread that could go on is stopped so many times at most.
class BoundedChoices final : public Choices {
 public:
  BoundedChoices(Schedule& schedule, int stops) noexcept : schedule_(schedule), stops_left_(stops) {}

  [[nodiscard]] std::size_t choose(std::size_t count, bool may_stay) override {
    if (may_stay && stops_left_ == 0) return 0;
    const std::size_t chosen = schedule_.choose(count);
    if (may_stay && chosen != 0) --stops_left_;
    return chosen;
  }

 private:
  Schedule& schedule_;
  int stops_left_;
};

/// Those that come of a seed. In some runs threads are stopped often, in others seldom.
class DrawnChoices final : public Choices {
 public:
  explicit DrawnChoices(std::mt19937& dice)
      : dice_(dice), stays_(std::vector<unsigned>{0, 8, 12, 14, 15}[dice_() % 5]) {}

  [[nodiscard]] std::size_t choose(std::size_t count, bool may_stay) override {
    if (may_stay && dice_() % 16 < stays_) return 0;
    return dice_() % count;
  }

 private:
  std::mt19937& dice_;
  unsigned stays_;
};

/// What one thread waits for and another gives, each time. Not `std::atomic::wait`: that yields first, which on a busy
/// machine takes longer than to sleep.
class Turn {
 public:
  void give() {
    const std::lock_guard lock(mutex_);
    is_given_ = true;
    given_.notify_one();
  }
  void await() {
    std::unique_lock lock(mutex_);
    given_.wait(lock, [this] { return std::exchange(is_given_, false); });
  }
  /// Tells whether it comes, within far longer than any run takes.
  [[nodiscard]] bool await_for_long() {
    std::unique_lock lock(mutex_);
    return given_.wait_for(lock, std::chrono::minutes(1), [this] { return std::exchange(is_given_, false); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable given_;
  bool is_given_ = false;
};

/// A pool of threads that are used for one run after the other.
///
/// Whatever the threads use must itself be made of points: one that waits for another in any other way would hang. A
/// run in which all threads wait, or which does not end, is given up: its threads stay for ever, with all they have.
class ThreadScheduler {
  struct Pool;
  struct Thread {
    std::size_t number;
    Pool& pool;
    Turn turn = {};
    std::function<void()> job = {};
    bool has_ended = true;
    bool is_hurried = false;
    /// Where it is, and whether it can go on from there.
    const char* point = "";
    bool (*is_ready)(const void*) = nullptr;
    const void* waits_for = nullptr;
    std::thread thread = {};
  };

 public:
  /// All points, or only those that order what happens: locks and waits.
  enum class Grain { coarse, fine };

  /// Each thread runs `prepare()`, one after the other, before all else.
  explicit ThreadScheduler(
      std::size_t threads, void (*prepare)() = [] {})
      : size_(threads), prepare_(prepare), pool_(std::make_unique<Pool>(threads, prepare)) {}
  ThreadScheduler(const ThreadScheduler&) = delete;
  ThreadScheduler& operator=(const ThreadScheduler&) = delete;
  ~ThreadScheduler() { pool_->end(); }

  /// Runs a job on each thread, by the choices. Tells what happens in `told`, if there is one. Returns why it did not
  /// come to an end; then the jobs are not destroyed.
  [[nodiscard]] std::string run(std::vector<std::function<void()>> jobs, Choices& choices, Grain grain,
                                std::string* told = nullptr) {
    std::string broken = pool_->run(std::move(jobs), choices, grain, told);
    if (!broken.empty()) {
      static_cast<void>(pool_.release());
      pool_ = std::make_unique<Pool>(size_, prepare_);
    }
    return broken;
  }

  // For what the jobs call. On other threads these do nothing.

  /// Here another thread may go on.
  static void reach(const char* point, Grain grain = Grain::coarse) {
    if (self_ == nullptr || (grain == Grain::fine && self_->pool.grain == Grain::coarse)) return;
    self_->point = point;
    self_->pool.next(self_);
  }
  /// The thread goes on from here when `is_ready()`.
  template <class Ready>
  static void wait(const char* point, const Ready& is_ready) {
    if (self_ == nullptr) return;
    self_->is_ready = [](const void* ready) { return (*static_cast<const Ready*>(ready))(); };
    self_->waits_for = &is_ready;
    reach(point);
    self_->is_ready = nullptr;
  }
  /// Returns one of `count`.
  [[nodiscard]] static std::size_t choose(std::size_t count) {
    return count < 2 || self_ == nullptr ? 0 : self_->pool.choices->choose(count, false);
  }
  /// Writes down what happens.
  static void note(const std::string& event) {
    if (self_ != nullptr) self_->pool.tell(*self_, "[" + event + "]");
  }
  [[nodiscard]] static bool is_telling() noexcept { return self_ != nullptr && self_->pool.told != nullptr; }
  [[nodiscard]] static std::size_t number() noexcept { return self_ != nullptr ? self_->number : 0; }

  /// While it lives, the thread is stopped by no choice, only where it cannot go on.
  class Hurry {
   public:
    Hurry() noexcept {
      if (self_ != nullptr) self_->is_hurried = true;
    }
    Hurry(const Hurry&) = delete;
    Hurry& operator=(const Hurry&) = delete;
    ~Hurry() {
      if (self_ != nullptr) self_->is_hurried = false;
    }
  };

 private:
  struct Pool {
    static constexpr std::size_t most_points = 20'000;

    Pool(std::size_t count, void (*prepare)()) {
      for (std::size_t i = 0; i < count; ++i) {
        threads.push_back(std::make_unique<Thread>(i, *this));
        Thread& thread = *threads.back();
        thread.thread = std::thread([this, prepare, &thread] {
          prepare();
          end_of_run.give();
          work(thread);
        });
        static_cast<void>(end_of_run.await_for_long());
      }
    }

    void work(Thread& self) {
      self_ = &self;
      for (;;) {
        self.turn.await();
        if (is_ending) return;
        self.job();
        self.job = {};
        self.has_ended = true;
        next(nullptr);
      }
    }
    /// Ends the threads, none of which runs.
    void end() {
      is_ending = true;
      for (const auto& thread : threads) thread->turn.give();
      for (const auto& thread : threads) thread->thread.join();
    }

    std::string run(std::vector<std::function<void()>> jobs, Choices& its_choices, Grain its_grain,
                    std::string* tells) {
      choices = &its_choices;
      grain = its_grain;
      told = tells;
      points = 0;
      last_told = nullptr;
      for (std::size_t i = 0; i < jobs.size(); ++i) {
        threads[i]->job = std::move(jobs[i]);
        threads[i]->point = "begin";
        threads[i]->has_ended = false;
      }
      next(nullptr);
      std::string why = end_of_run.await_for_long() ? broken : "P3: a thread never comes to its next point";
      if (!why.empty()) {
        for (const auto& thread : threads) thread->thread.detach();
      }
      return why;
    }

    /// Gives the turn to the next one. `self` has it, or has ended, or is none of these threads.
    void next(Thread* self) {
      find_runnable(self);
      if (runnable.empty() || ++points > most_points) {
        broken = why_it_stops();
        end_of_run.give();
      } else {
        const bool may_stay = self != nullptr && runnable.front() == self;
        Thread& chosen = *runnable[runnable.size() == 1 ? 0 : choices->choose(runnable.size(), may_stay)];
        tell(chosen, chosen.point);
        if (&chosen == self) return;
        chosen.turn.give();
      }
      if (self != nullptr) self->turn.await();
    }
    void find_runnable(Thread* self) {
      runnable.clear();
      if (self != nullptr && is_ready(*self)) runnable.push_back(self);
      for (const auto& thread : threads) {
        if (thread.get() != self && !thread->has_ended && is_ready(*thread)) runnable.push_back(thread.get());
      }
      const auto is_hurried = [](const Thread* thread) { return thread->is_hurried; };
      if (std::any_of(runnable.begin(), runnable.end(), is_hurried)) std::erase_if(runnable, std::not_fn(is_hurried));
    }
    [[nodiscard]] static bool is_ready(const Thread& thread) {
      return thread.is_ready == nullptr || thread.is_ready(thread.waits_for);
    }
    [[nodiscard]] std::string why_it_stops() const {
      std::string waits;
      for (const auto& thread : threads) {
        if (!thread->has_ended) waits += " " + std::to_string(thread->number) + " at \"" + thread->point + "\"";
      }
      if (waits.empty()) return {};
      return (runnable.empty() ? "P3: all threads wait:" : "P3: it does not come to an end:") + waits;
    }

    void tell(const Thread& thread, const std::string& event) {
      if (told == nullptr) return;
      if (last_told != &thread) *told += "\n  thread " + std::to_string(thread.number) + ":";
      last_told = &thread;
      *told += " " + event;
    }

    std::vector<std::unique_ptr<Thread>> threads;
    std::vector<Thread*> runnable;
    Turn end_of_run;
    bool is_ending = false;
    Choices* choices = nullptr;
    Grain grain = Grain::coarse;
    std::size_t points = 0;
    std::string* told = nullptr;
    const Thread* last_told = nullptr;
    std::string broken;
  };

  static inline thread_local Thread* self_ = nullptr;

  std::size_t size_;
  void (*prepare_)();
  std::unique_ptr<Pool> pool_;
};

}  // namespace support
