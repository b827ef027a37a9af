// Watchdog: ends the program with a sentence where a test would hang. ThreadSanitizer does not see a lost wake-up.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace support {

class Watchdog {
 public:
  /// `hung` tells what it means if this object lives too long.
  explicit Watchdog(const char* hung) : thread_([this, hung] { watch(hung); }) {}
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    over_.notify_one();
    thread_.join();
  }

 private:
  void watch(const char* hung) {
    std::unique_lock lock(mutex_);
    // Far longer than any test takes: it only has to come before whoever runs the tests gives up.
    if (over_.wait_for(lock, std::chrono::minutes(3), [this] { return is_over_; })) return;
    std::fprintf(stderr, "watchdog: %s\n", hung);
    std::abort();
  }

  std::mutex mutex_;
  std::condition_variable over_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace support
