#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "qt_loop.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>

using namespace support;

namespace {

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
using Cache = tiercache::BasicTieredCache<Shared, Cards>;

struct Bench {
  Bench() { tiercache::ManualClock::reset(); }

  /// Asks for one who is to go on on the thread of an object.
  QCoro::Task<void> ask_for(QObject* object, std::stop_token token = {}) {
    const auto post = post_to(object);
    try {
      answer = co_await cache.get_or_fetch<Cards>("a", event).stop_on(token).resume_on(post);
    } catch (const std::exception& failure) {
      answer = failure.what();
    }
    is_at_home = QThread::currentThread() == object->thread();
  }

  QtLoop loop;
  ManualFetch<std::string> event;
  Cache cache;
  std::string answer;
  bool is_at_home = false;
};

template <class Function>
void on_another_thread(const Function& function) {
  std::thread(function).join();
}

}  // namespace

TEST_CASE("resume_on: a QCoro task goes on on its object's thread, wherever the fetch ended") {
  Bench bench;
  QObject object;
  SECTION("a leader") {
    const auto task = bench.ask_for(&object);
    on_another_thread([&] { bench.event.complete("value"); });
    CHECK(!task.isReady());
    bench.loop.run_until([&] { return task.isReady(); });
    CHECK(bench.answer == "value");
  }
  SECTION("a waiter") {
    const auto leader = ask<Cards>(bench.cache, "a", bench.event);
    const auto task = bench.ask_for(&object);
    on_another_thread([&] { bench.event.complete("value"); });
    CHECK(leader.get() == "value");
    CHECK(!task.isReady());
    bench.loop.run_until([&] { return task.isReady(); });
    CHECK(bench.answer == "value");
  }
  SECTION("one whose fetch failed") {
    const auto task = bench.ask_for(&object);
    on_another_thread([&] { bench.event.fail(std::runtime_error("no")); });
    bench.loop.run_until([&] { return task.isReady(); });
    CHECK(bench.answer == "no");
  }
  SECTION("one that was told to stop") {
    const auto leader = ask<Cards>(bench.cache, "a", bench.event);
    std::stop_source stop;
    const auto task = bench.ask_for(&object, stop.get_token());
    on_another_thread([&] { stop.request_stop(); });
    CHECK(!task.isReady());
    bench.loop.run_until([&] { return task.isReady(); });
    CHECK(bench.answer == tiercache::fetch_abandoned().what());
    bench.event.complete("value");
  }
  SECTION("one that came to lead: its fetch begins there") {
    auto leader = ask<Cards>(bench.cache, "a", bench.event);
    const auto task = bench.ask_for(&object);
    on_another_thread([&] { leader.leave(); });
    CHECK(bench.event.started() == 1);
    bench.loop.run_until([&] { return bench.event.started() == 2; });
    on_another_thread([&] { bench.event.complete("value"); });
    bench.loop.run_until([&] { return task.isReady(); });
    CHECK(bench.answer == "value");
  }
  CHECK(bench.is_at_home);
}

TEST_CASE("resume_on: one that hits goes on at once, and posts nothing") {
  Bench bench;
  QObject object;
  bench.cache.put<Cards>("a", "stored");
  const auto task = bench.ask_for(&object);
  CHECK(task.isReady());
  CHECK(bench.answer == "stored");
}

TEST_CASE("resume_on: a QCoro task may go on on the thread of an object that lives in another one") {
  Bench bench;
  QThread thread;
  thread.start();
  const auto object = std::make_unique<QObject>();
  object->moveToThread(&thread);
  const auto task = bench.ask_for(object.get());
  bench.event.complete("value");
  QMetaObject::invokeMethod(object.get(), [] {}, Qt::BlockingQueuedConnection);  // after what was posted before
  CHECK(task.isReady());
  CHECK(bench.answer == "value");
  CHECK(bench.is_at_home);
  thread.quit();
  thread.wait();
}

TEST_CASE("P3: resume_on: where the object dies first, Qt drops the job, and the task goes on there") {
  Bench bench;
  auto object = std::make_unique<QObject>();
  std::string answer;
  const auto post = post_to(object.get());
  const auto ask_orphan = [&]() -> QCoro::Task<void> {
    answer = co_await bench.cache.get_or_fetch<Cards>("a", bench.event).resume_on(post);
  };
  const auto task = ask_orphan();
  bench.event.complete("value");
  CHECK(!task.isReady());
  object.reset();
  bench.loop.run_queued();
  CHECK(task.isReady());
  CHECK(answer == "value");
}
