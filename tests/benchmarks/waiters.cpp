// What each of a thousand waiters for one fetch costs: to begin to wait, to be woken, and to get a copy of the value.
//
// Our waiter is a coroutine, its frame included. A std::shared_future can be waited for by nothing but a thread, so
// there is no equal in its world; these stand for it:
// - a promise and its shared_future for each waiter, all fulfilled and then read by one thread: what those write who
//   keep a list of waiters. Nobody blocks, so it is less than a real waiter costs: the goal is for this one.
// - a thread for each waiter that blocks on a shared_future of one promise; starting the thread is included.
// - a copy of one shared_future for each waiter, read when it is ready: nobody waits at all.
#include "contest.hpp"
#include "payloads.hpp"
#include "requests.hpp"
#include "running.hpp"

#include <coroutine>
#include <future>
#include <thread>

using namespace benchmarks;

namespace {

constexpr std::size_t waiters = 1000;

/// One fetch that ends when it is told to.
class Fetch {
 public:
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> fetching) noexcept { fetching_ = fetching; }
  Payload await_resume() const { return compute(1); }
  void end() { fetching_.resume(); }

 private:
  std::coroutine_handle<> fetching_;
};

support::Detached wait(SharedCache& cache, std::uint64_t key, Fetch& fetch, std::size_t& answered) {
  const auto begin = [&fetch]() -> Fetch& { return fetch; };
  Payload payload = co_await cache.get_or_fetch<Payloads>(key, begin);
  benchmark::DoNotOptimize(payload);
  ++answered;
}

/// Has `round()` run over and over; returns how many waiters it answered.
template <class Round>
auto rounds(Round round) {
  return [round](benchmark::State& state) {
    std::size_t answered = 0;
    for ([[maybe_unused]] auto turn : state) round(answered);
    state.SetItemsProcessed(static_cast<std::int64_t>(answered));
    if (answered != waiters * static_cast<std::size_t>(state.iterations()))
      state.SkipWithError("not all were answered");
  };
}

void read(const std::shared_future<Payload>& future, std::size_t& answered) {
  Payload payload = future.get();
  benchmark::DoNotOptimize(payload);
  ++answered;
}

void promise_each(std::size_t& answered) {
  std::vector<std::promise<Payload>> promises(waiters);
  std::vector<std::shared_future<Payload>> futures;
  futures.reserve(waiters);
  for (auto& promise : promises) futures.push_back(promise.get_future().share());
  const Payload payload = compute(1);
  for (auto& promise : promises) promise.set_value(payload);
  for (const auto& future : futures) read(future, answered);
}

void thread_each(std::size_t& answered) {
  std::promise<Payload> promise;
  const std::shared_future<Payload> future = promise.get_future().share();
  std::vector<std::size_t> counts(waiters);
  std::vector<std::thread> threads;
  threads.reserve(waiters);
  for (std::size_t& count : counts) threads.emplace_back([future, &count] { read(future, count); });
  promise.set_value(compute(1));
  for (std::thread& thread : threads) thread.join();
  for (const std::size_t count : counts) answered += count;
}

void copy_each(std::size_t& answered) {
  std::promise<Payload> promise;
  const std::vector<std::shared_future<Payload>> futures(waiters, promise.get_future().share());
  promise.set_value(compute(1));
  for (const auto& future : futures) read(future, answered);
}

}  // namespace

int main(int argc, char** argv) {
  Rows rows(argc, argv);
  Contest contest(argc, argv);
  SharedCache cache{holding<Payloads>(1000)};
  std::uint64_t key = 0;
  contest.add_loop("coroutine", rounds([&](std::size_t& answered) {
                     Fetch fetch;
                     ++key;
                     for (std::size_t i = 0; i < waiters; ++i) wait(cache, key, fetch, answered);
                     fetch.end();
                   }));
  contest.add_loop("promise and shared_future", rounds(promise_each));
  contest.add_loop("thread", rounds(thread_each))->UseRealTime();
  contest.add_loop("copy of a shared_future", rounds(copy_each));
  contest.run();

  const std::string measure = "one of 1000 waiters for a fetch, beside ";
  rows.add(contest.ratio(measure + "a promise and its shared_future each, with nobody blocked", "coroutine",
                         "promise and shared_future", at_most(0.1)));
  rows.add(contest.ratio(measure + "a thread each, blocked on one shared_future", "coroutine", "thread"));
  rows.add(
      contest.ratio(measure + "a copy each of a shared_future that is ready", "coroutine", "copy of a shared_future"));
}
