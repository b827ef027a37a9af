// Somebody's coroutine library, adapted to the cache in two ways: promise_post says where its coroutines are resumed,
// fetch_runner how its jobs, which tell their results to a callback, are run as fetches. Most libraries need neither.
#include <tiercache/tiercache.hpp>

#include <coroutine>
#include <deque>
#include <exception>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

namespace theirs {

class Loop {
 public:
  void post(std::function<void()> work) { work_.push_back(std::move(work)); }
  void run() {
    is_running_ = true;
    for (; !work_.empty(); work_.pop_front()) work_.front()();
    is_running_ = false;
  }
  bool is_running() const { return is_running_; }

 private:
  std::deque<std::function<void()>> work_;
  bool is_running_ = false;
};

struct Task {  // a coroutine that belongs on a loop, its first argument
  struct promise_type {
    template <class... Rest>
    explicit promise_type(Loop& its_loop, Rest&&...) : loop(&its_loop) {}
    Task get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
    Loop* loop;
  };
};

class Job {  // work that ends on some thread, and cannot be awaited
 public:
  explicit Job(std::function<void(std::function<void(std::string)>)> start) : start_(std::move(start)) {}
  void start(std::function<void(std::string)> done) { start_(std::move(done)); }

 private:
  std::function<void(std::function<void(std::string)>)> start_;
};

}  // namespace theirs

template <>
struct tiercache::promise_post<theirs::Task::promise_type> {
  static auto of(theirs::Task::promise_type& promise) {
    return [loop = promise.loop](auto resume) { loop->post(std::move(resume)); };
  }
};

class AwaitJob {
 public:
  explicit AwaitJob(theirs::Job job) : job_(std::move(job)) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    job_.start([this, waiting](std::string result) {
      result_ = std::move(result);
      waiting.resume();  // the last thing: it destroys this
    });
  }
  std::string await_resume() { return std::move(result_); }

 private:
  theirs::Job job_;
  std::string result_;
};

template <>
struct tiercache::fetch_runner<theirs::Job> {
  static AwaitJob run(theirs::Job job) { return AwaitJob(std::move(job)); }
};

struct Pages : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1), .capacity = 1000};
};
using Cache = tiercache::TieredCache<Pages>;

// Stands for a thread of theirs that answers some time.
std::function<void()> answer_arrives;

theirs::Job download(const std::string& path) {
  return theirs::Job(
      [path](std::function<void(std::string)> done) { answer_arrives = [path, done] { done("<" + path + ">"); }; });
}

theirs::Task read(theirs::Loop& loop, Cache& cache) {
  // A job cannot be taken back, so its fetcher must not belong to this coroutine.
  std::string page = co_await cache.get_or_fetch<Pages>("home", tiercache::owned(download));
  std::cout << page << (loop.is_running() ? " on the loop" : " at once") << '\n';
}

int main() {
  theirs::Loop loop;
  Cache cache;
  read(loop, cache);
  read(loop, cache);
  answer_arrives();
  loop.run();         // goes on with both
  read(loop, cache);  // a hit
  return cache.stats<Pages>().fetches_led == 1 ? 0 : 1;
}
