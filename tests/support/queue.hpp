// Queue: an executor that runs what was posted when the test says so. For one thread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <stdexcept>
#include <utility>

namespace support {

class Queue {
 public:
  void post(std::function<void()> job) {
    if (refuses) throw std::runtime_error("full");
    jobs_.push_back(std::move(job));
  }
  // As the executors of async_simple and of folly call it.
  bool schedule(std::function<void()> job) {
    post(std::move(job));
    return true;
  }
  void add(std::function<void()> job) { post(std::move(job)); }

  [[nodiscard]] std::size_t size() const { return jobs_.size(); }
  void run() {
    is_running = true;
    while (!jobs_.empty()) {
      const auto job = std::move(jobs_.front());
      jobs_.pop_front();
      job();
      if (calls_twice) job();
    }
    is_running = false;
  }
  void drop() { jobs_.clear(); }

  bool refuses = false;
  bool is_running = false;
  /// Whether each job is called once more, which is to do nothing.
  bool calls_twice = false;

 private:
  std::deque<std::function<void()>> jobs_;
};

}  // namespace support
