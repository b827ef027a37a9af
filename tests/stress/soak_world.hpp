// What the threads of the soak share: the cache, the history, what was found to be wrong, and the fetches.
#pragma once

#include "soak_actor.hpp"
#include "soak_history.hpp"
#include "soak_tiers.hpp"

#include <tiercache/tiercache.hpp>

#include <array>
#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace soak {

/// Those who can be told to stop: each by one of a few sources, of which any thread uses one up.
class Stops {
 public:
  [[nodiscard]] std::stop_token token(Chance& chance) {
    const std::lock_guard lock(mutex_);
    return sources_[chance.below(sources_.size())].get_token();
  }
  void stop_some(Chance& chance) {
    std::stop_source used;
    {
      const std::lock_guard lock(mutex_);
      std::swap(used, sources_[chance.below(sources_.size())]);
    }
    used.request_stop();
  }

 private:
  std::mutex mutex_;
  std::array<std::stop_source, 16> sources_;
};

/// What was found to be wrong; the first of it in words.
class Findings {
 public:
  void add(const std::string& what) {
    const std::lock_guard lock(mutex_);
    if (count_++ == 0) first_ = what;
  }
  [[nodiscard]] std::string summary() const {
    const std::lock_guard lock(mutex_);
    return count_ == 0 ? "nothing" : std::to_string(count_) + ", the first: " + first_;
  }

 private:
  mutable std::mutex mutex_;
  std::size_t count_ = 0;
  std::string first_;
};

inline constexpr std::size_t cause_count = 7;

struct World {
  World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  std::unique_ptr<Cache> cache = std::make_unique<Cache>();
  History history;
  Findings findings;
  /// What any thread may run: the ends of suspended fetches, and coroutines that go on.
  Jobs jobs;
  Stops stops;
  /// How many coroutines there are that look something up.
  std::atomic<int> callers = 0;
  /// How many values left each tier, by cause, as the listeners were told.
  std::array<std::array<std::atomic<std::uint64_t>, cause_count>, tier_count> removed{};
  /// How many fetches said "not modified".
  std::atomic<std::uint64_t> renewals = 0;
  /// How many answers were compared with the history.
  std::atomic<std::uint64_t> checked = 0;

  template <class T>
  void check(std::uint32_t key, const Sheet& sheet, const Moment& settled, const char* where) {
    checked.fetch_add(1, std::memory_order_relaxed);
    if (!sheet.is_of(T::index, key)) findings.add(text<T>(key, where) + ": a value that is torn, or another key's");
    if (is_from_before(sheet.origin(), settled)) {
      findings.add(text<T>(key, where) + ": number " + std::to_string(sheet.origin().number) + " of source " +
                   std::to_string(sheet.origin().source) + ", but all up to " +
                   std::to_string(settled[sheet.origin().source]) + " were invalidated before");
    }
  }
  /// P8, for what was asked for at `asked_at` and only a fresh value answers. That of a put counts from later, and one
  /// that was renewed does not say so.
  template <class T>
  void check_fresh(std::uint32_t key, const Sheet& sheet, tiercache::TimePoint asked_at) {
    if (T::index == Stale::index || sheet.origin().source != 0) return;
    if (asked_at - sheet.made_at() >= T::policy.ttl.duration()) {
      findings.add(text<T>(key, "get or visit") + ": a value past its deadline");
    }
  }
  template <class T>
  void check(std::uint32_t key, const std::optional<Sheet>& sheet, const Moment& settled, const char* where) {
    if (sheet) check<T>(key, *sheet, settled, where);
  }
  /// To be called in a handler: only what was made to fail may have failed.
  void excuse(const char* where) noexcept {
    try {
      throw;
    } catch (const Fault&) {
    } catch (const tiercache::fetch_abandoned&) {
    } catch (const std::exception& exception) {
      findings.add(std::string(where) + ": " + exception.what());
    } catch (...) {
      findings.add(std::string(where) + ": something unknown was thrown");
    }
  }
  template <class T>
  [[nodiscard]] static std::string text(std::uint32_t key, const char* where) {
    return std::string(where) + " of key " + std::to_string(key) + " of tier " + std::string(T::name);
  }
};

/// Counts what leaves a tier, and calls the cache now and then.
template <class T>
struct Listener {
  void operator()(const typename T::key_type& key, const Sheet& sheet, tiercache::RemovalCause cause) const {
    const std::uint32_t number = number_of(key);
    ++world->removed[T::index][static_cast<std::size_t>(cause)];
    if (!sheet.is_of(T::index, number)) world->findings.add(World::text<T>(number, "what a listener is told"));
    Actor* const actor = Actor::here;
    if (actor == nullptr || actor->is_in_listener) return;
    actor->is_in_listener = true;
    if (actor->chance.is_one_in(16)) world->cache->invalidate<T>(key);
    if (actor->chance.is_one_in(16)) static_cast<void>(world->cache->peek<T>(key));
    actor->is_in_listener = false;
    may_fail(16);
  }
  World* world;
};

// The fetchers. They have to be trivially destructible for GCC 12, as everything has that is written in a co_await.

/// Answers at once.
template <class T>
struct FetchAtOnce {
  Sheet operator()(const typename T::key_type& key) const {
    const Origin origin = world->history.begin_fetch();
    // Now and then other threads are to come in between. No lock is held: it may call the cache.
    if (Actor::here->chance.is_one_in(4)) std::this_thread::yield();
    if (Actor::here->chance.is_one_in(16)) world->cache->invalidate<T>(key_of<typename T::key_type>(0));
    may_fail(12);
    return Sheet(T::index, number_of(key), origin);
  }
  World* world;
};

/// Answers at once, or says that there is none.
template <class T>
struct FetchOrNone {
  std::optional<Sheet> operator()(const typename T::key_type& key) const {
    const Origin origin = world->history.begin_fetch();
    if (Actor::here->chance.is_one_in(4)) std::this_thread::yield();
    may_fail(20);
    if (Actor::here->chance.is_one_in(6)) return std::nullopt;
    return Sheet(T::index, number_of(key), origin);
  }
  World* world;
};

/// Says "not modified" where it can.
template <class T>
struct FetchIfModified {
  tiercache::Refetched<Sheet> operator()(const typename T::key_type& key,
                                         const tiercache::CacheEntry<Sheet>* old) const {
    const Origin origin = world->history.begin_fetch();
    if (old != nullptr) {
      world->template check<T>(number_of(key), old->value, settled, "what a fetcher is shown");
      if (Actor::here->chance.is_one_in(2)) {
        world->renewals.fetch_add(1, std::memory_order_relaxed);
        return tiercache::not_modified;
      }
    }
    std::this_thread::yield();
    may_fail(12);
    return Sheet(T::index, number_of(key), origin);
  }
  World* world;
  Moment settled;
};

/// Ends a suspended fetch; or drops it, as an executor does that shuts down.
inline void end_fetch(std::coroutine_handle<> fetch) {
  if (Actor::here != nullptr && Actor::here->chance.is_one_in(40)) {
    fetch.destroy();
  } else {
    fetch.resume();
  }
}

/// A fetch that any thread may end.
template <class Answer>
class Call {
 public:
  Call(World& world, Answer answer) : world_(world), answer_(std::move(answer)) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    world_.jobs.post([waiting] { end_fetch(waiting); });
  }
  Answer await_resume() {
    may_fail(12);
    return std::move(answer_);
  }

 private:
  World& world_;
  Answer answer_;
};

/// A fetch that the thread ends which began it. Its caller may leave there, and takes it along.
class HomeCall {
 public:
  HomeCall(World& world, Actor& home, Sheet sheet) : actor_(home), sheet_(std::move(sheet)) {
    if (Actor::here != &home) world.findings.add("a fetch was not begun where its caller is");
  }
  HomeCall(const HomeCall&) = delete;
  HomeCall& operator=(const HomeCall&) = delete;
  ~HomeCall() { std::erase(actor_.suspended, this); }

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    actor_.suspended.push_back(this);
  }
  Sheet await_resume() {
    may_fail(12);
    return std::move(sheet_);
  }

  static bool end_one(Actor& actor) {
    if (actor.suspended.empty()) return false;
    const std::size_t place = actor.chance.below(actor.suspended.size());
    const HomeCall* const ended = actor.suspended[place];
    actor.suspended.erase(actor.suspended.begin() + static_cast<std::ptrdiff_t>(place));
    end_fetch(ended->waiting_);
    return true;
  }

 private:
  Actor& actor_;
  Sheet sheet_;
  std::coroutine_handle<> waiting_;
};

template <class T>
struct FetchSuspended {
  Call<Sheet> operator()(const typename T::key_type& key) const {
    return Call<Sheet>(*world, Sheet(T::index, number_of(key), world->history.begin_fetch()));
  }
  World* world;
};

template <class T>
struct FetchAtHome {
  HomeCall operator()(const typename T::key_type& key) const {
    return HomeCall(*world, *home, Sheet(T::index, number_of(key), world->history.begin_fetch()));
  }
  World* world;
  Actor* home;
};

/// Answers for many keys, for one of them that there is none, and for one that was not asked for.
template <class T>
struct FetchMany {
  using Answers = std::vector<std::pair<typename T::key_type, std::optional<Sheet>>>;

  [[nodiscard]] static Answers answers(World& world, std::span<const typename T::key_type> keys) {
    const Origin origin = world.history.begin_fetch();
    Answers answers;
    const auto add = [&](std::uint32_t key) {
      answers.emplace_back(key_of<typename T::key_type>(key), Sheet(T::index, key, origin));
    };
    for (const auto& key : keys) add(number_of(key));
    if (Actor::here->chance.is_one_in(4)) answers.back().second.reset();
    add((number_of(keys.front()) + 1) % shared_key_count);
    return answers;
  }

  Answers operator()(std::span<const typename T::key_type> keys) const {
    Answers found = answers(*world, keys);
    if (Actor::here->chance.is_one_in(2)) std::this_thread::yield();
    may_fail(12);
    return found;
  }
  World* world;
};

template <class T>
struct FetchManySuspended {
  using Answers = typename FetchMany<T>::Answers;

  Call<Answers> operator()(std::span<const typename T::key_type> keys) const {
    return Call<Answers>(*world, FetchMany<T>::answers(*world, keys));
  }
  World* world;
};

}  // namespace soak
