// The coroutines of the soak: those who may leave, on their own thread, and those who may be resumed by any.
#pragma once

#include "running.hpp"
#include "soak_actor.hpp"
#include "soak_history.hpp"
#include "soak_tiers.hpp"
#include "soak_world.hpp"

#include <tiercache/testing.hpp>
#include <tiercache/tiercache.hpp>

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

namespace soak {

/// Counts a coroutine for as long as there is one.
class Present {
 public:
  explicit Present(World& world) : world_(world) { ++world.callers; }
  Present(const Present&) = delete;
  Present& operator=(const Present&) = delete;
  ~Present() { --world_.callers; }

 private:
  World& world_;
};

/// Resumes on one thread; now and then it is told to twice.
struct PostHome {
  template <class Job>
  void operator()(const Job& job) const {
    home->inbox.post(job);
    if (Actor::here->chance.is_one_in(8)) home->inbox.post(job);
  }
  Actor* home;
};

/// Resumes anywhere, or refuses to, or forgets about it.
struct PostAnywhere {
  template <class Job>
  void operator()(const Job& job) const {
    switch (Actor::here->chance.below(8)) {
      case 0:
        throw Fault();
      case 1:
        return;
      case 2:
        return job();
      case 3:
        world->jobs.post(job);
        [[fallthrough]];
      default:
        return world->jobs.post(job);
    }
  }
  World* world;
};

template <class T, class Fetch>
tiercache::testing::Caller<bool> ask_at_home(World& world, Actor& home, std::uint32_t number, Fetch fetch,
                                             std::stop_token token) {
  const Present present(world);
  const auto key = key_of<typename T::key_type>(number);
  const PostHome post{&home};
  try {
    const Moment settled = world.history.settled(T::index, number);
    const auto answer = co_await world.cache->get_or_fetch<T>(key, fetch).resume_on(post).stop_on(token);
    world.check<T>(number, answer, settled, "get_or_fetch, where one may leave");
  } catch (...) {
    world.excuse("get_or_fetch, where one may leave");
  }
  if (Actor::here != &home) world.findings.add("one who may leave was resumed elsewhere");
  co_return true;
}

/// For a key that only this thread fetches: then it may leave without an executor.
template <class T>
tiercache::testing::Caller<bool> ask_alone(World& world, Actor& home, std::uint32_t number) {
  const Present present(world);
  const auto key = key_of<typename T::key_type>(number);
  const FetchAtHome<T> fetch{&world, &home};
  try {
    const Moment settled = world.history.settled(T::index, number);
    const Sheet answer = co_await world.cache->get_or_fetch<T>(key, fetch);
    world.check<T>(number, answer, settled, "get_or_fetch, where nobody else does");
  } catch (...) {
    world.excuse("get_or_fetch, where nobody else does");
  }
  if (Actor::here != &home) world.findings.add("one who is alone was resumed elsewhere");
  co_return true;
}

template <class T, class Fetch>
tiercache::testing::Caller<bool> ask_many_at_home(World& world, Actor& home, std::vector<std::uint32_t> numbers,
                                                  Fetch fetch) {
  const Present present(world);
  std::vector<typename T::key_type> keys;
  std::vector<Moment> settled;
  for (const std::uint32_t number : numbers) {
    keys.push_back(key_of<typename T::key_type>(number));
    settled.push_back(world.history.settled(T::index, number));
  }
  const PostHome post{&home};
  try {
    const auto answers = co_await world.cache->get_or_fetch_many<T>(keys, fetch).resume_on(post);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      world.check<T>(numbers[i], answers[i], settled[i], "get_or_fetch_many, where one may leave");
    }
  } catch (...) {
    world.excuse("get_or_fetch_many, where one may leave");
  }
  if (Actor::here != &home) world.findings.add("one who may leave was resumed elsewhere");
  co_return true;
}

template <class T, class Fetch>
support::Detached ask_anywhere(World& world, std::uint32_t number, Fetch fetch, std::stop_token token) {
  const Present present(world);
  const auto key = key_of<typename T::key_type>(number);
  try {
    const Moment settled = world.history.settled(T::index, number);
    const auto answer = co_await world.cache->get_or_fetch<T>(key, fetch).stop_on(token);
    world.check<T>(number, answer, settled, "get_or_fetch");
  } catch (...) {
    world.excuse("get_or_fetch");
  }
}

template <class T, class Fetch>
support::Detached ask_through_an_executor(World& world, std::uint32_t number, Fetch fetch) {
  const Present present(world);
  const auto key = key_of<typename T::key_type>(number);
  const PostAnywhere post{&world};
  try {
    const Moment settled = world.history.settled(T::index, number);
    const auto answer = co_await world.cache->get_or_fetch<T>(key, fetch).resume_on(post);
    world.check<T>(number, answer, settled, "get_or_fetch through an executor");
  } catch (...) {
    world.excuse("get_or_fetch through an executor");
  }
}

/// An operation that any thread ends. It yields up to where what was fetched is too old.
class WriteCall {
 public:
  explicit WriteCall(World& world) : world_(world) {}
  WriteCall(const WriteCall&) = delete;
  WriteCall& operator=(const WriteCall&) = delete;

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    world_.jobs.post([waiting] { waiting.resume(); });
  }
  Moment await_resume() {
    may_fail(12);
    return world_.history.now();
  }

 private:
  World& world_;
};

/// Notes that a key of a tier was invalidated, and what goes with it.
template <class T>
void note_invalidated(World& world, std::uint32_t number, const Moment& before) {
  world.history.key_invalidated(T::index, number, before);
  if (T::index == Newest::index) world.history.key_invalidated(Absent::index, number, before);
}

template <class T>
support::Detached write_anywhere(World& world, std::uint32_t number) {
  const Present present(world);
  const auto key = key_of<typename T::key_type>(number);
  const auto operation = [&world] { return WriteCall(world); };
  try {
    const Moment before = co_await world.cache->write<T>(key, operation);
    note_invalidated<T>(world, number, before);
  } catch (...) {
    world.excuse("write");
  }
}

}  // namespace soak
