// Player: what one thread of the soak does, one operation after the other, as chance will have it.
#pragma once

#include "soak_actor.hpp"
#include "soak_callers.hpp"
#include "soak_history.hpp"
#include "soak_tiers.hpp"
#include "soak_world.hpp"

#include <tiercache/testing.hpp>
#include <tiercache/tiercache.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace soak {

class Player {
 public:
  Player(World& world, std::size_t index, std::uint64_t seed) : world_(world), actor_(index, seed) {}

  /// Does so many operations, and ends what is left until nothing is left of anybody's.
  void play(std::uint64_t operations, std::atomic<std::size_t>& busy) {
    Actor::here = &actor_;
    for (std::uint64_t i = 0; i < operations; ++i) {
      try {
        serve();
        with_some_tier([this]<class T>() { operate<T>(); });
      } catch (...) {
        world_.excuse("an operation");
      }
    }
    --busy;
    while (busy != 0 || world_.callers != 0 || world_.jobs.size() != 0) {
      const bool has_run = actor_.inbox.run_one(chance()) || HomeCall::end_one(actor_) || world_.jobs.run_one(chance());
      if (!has_run) std::this_thread::yield();
    }
    Actor::here = nullptr;
  }

  /// With no other thread running: runs what was posted twice and is left over.
  void clear() {
    while (actor_.inbox.run_one(chance())) {}
    callers_.clear();
  }

  /// With no other thread running: begins what is to end after the cache.
  void begin_some() {
    Actor::here = &actor_;
    for (int i = 0; i < 40; ++i) {
      with_some_tier([this]<class T>() { start_anywhere<T>(chance().key()); });
    }
  }
  void end_all() {
    while (world_.jobs.run_one(chance())) {}
    Actor::here = nullptr;
  }

 private:
  [[nodiscard]] Chance& chance() { return actor_.chance; }
  [[nodiscard]] Cache& cache() { return *world_.cache; }

  template <class F>
  void with_some_tier(const F& run) {
    switch (chance().below(tier_count)) {
      case Stale::index:
        return run.template operator()<Stale>();
      case Absent::index:
        return run.template operator()<Absent>();
      case Weighed::index:
        return run.template operator()<Weighed>();
      default:
        return run.template operator()<Newest>();
    }
  }

  /// Does what others wait for, some of it; and has some of those go who wait.
  void serve() {
    if (actor_.is_loop()) {
      // Not at once: who leaves may be told something at that moment.
      while (!chance().is_one_in(8) && actor_.inbox.run_one(chance())) {}
      if (chance().is_one_in(6)) HomeCall::end_one(actor_);
      std::erase_if(callers_, [](const auto& caller) { return caller.is_done(); });
      if (callers_.size() > 24 || chance().is_one_in(48)) leave_some();
    }
    // Slowly enough for there to be many at a time.
    while (world_.jobs.size() > 40) world_.jobs.run_one(chance());
    if (chance().is_one_in(8)) world_.jobs.run_one(chance());
    if (chance().is_one_in(24)) world_.stops.stop_some(chance());
  }
  /// Several at a time, so that one leaves whom another one has just passed a fetch to.
  void leave_some() {
    for (std::uint32_t left = chance().below(12); left != 0 && !callers_.empty(); --left) {
      std::swap(callers_[chance().below(callers_.size())], callers_.back());
      callers_.pop_back();
    }
  }

  template <class T>
  void operate() {
    const std::uint32_t kind = chance().below(1000);
    const bool may_be_own = kind < 500 && chance().is_one_in(8);  // of any thread, by what fetches nothing
    const std::uint32_t number =
        may_be_own ? shared_key_count + chance().below(key_count - shared_key_count) : chance().key();
    const auto key = key_of<typename T::key_type>(number);
    if (kind < 320) return read<T>(number, key);
    if (kind < 400) return put<T>(number, key);
    if (kind < 500) return invalidate<T>(number, key);
    if (kind < 560) return check_bounds<T>();
    if (kind < 600) return keep_up<T>();
    if (kind < 650) return start_anywhere<T>(number);
    if (actor_.is_loop()) return start_at_home<T>(number);
    return kind < 950 ? block<T>(number, key) : block_for_many<T>();
  }

  template <class T>
  void read(std::uint32_t number, const typename T::key_type& key) {
    const Moment settled = world_.history.settled(T::index, number);
    const tiercache::TimePoint asked_at = Config::clock::now();
    switch (chance().below(4)) {
      case 0:
        cache().visit<T>(key, [&](const Sheet& sheet) {
          world_.check<T>(number, sheet, settled, "visit");
          world_.check_fresh<T>(number, sheet, asked_at);
          may_fail(100);
        });
        break;
      case 1:
        if (const auto held = cache().peek<T>(key)) world_.check<T>(number, held->value, settled, "peek");
        break;
      default:
        if (const auto sheet = cache().get<T>(key)) {
          world_.check<T>(number, *sheet, settled, "get");
          world_.check_fresh<T>(number, *sheet, asked_at);
        }
        break;
    }
  }

  template <class T>
  void put(std::uint32_t number, const typename T::key_type& key) {
    const Moment before = world_.history.now();
    const Origin origin = world_.history.begin_put(actor_.index);
    Sheet sheet(T::index, number, origin);
    switch (chance().below(3)) {
      case 0:
        cache().put<T>(key, sheet);
        break;
      case 1:
        cache().put<T>(key, std::move(sheet), std::chrono::milliseconds(chance().below(5)));
        break;
      default:
        cache().put<T>(key, tiercache::CacheEntry<Sheet>{.value = std::move(sheet)});
        break;
    }
    world_.history.key_invalidated(T::index, number, before);
    world_.history.end_put(origin);
  }

  template <class T>
  void invalidate(std::uint32_t number, const typename T::key_type& key) {
    const std::uint32_t kind = chance().below(100);
    if (kind < 20) return write<T>(number, key);
    if (kind < 30) {
      write_anywhere<T>(world_, number);
      return;
    }
    const Moment before = world_.history.now();
    if (kind < 94) {
      cache().invalidate<T>(key);
      note_invalidated<T>(world_, number, before);
    } else if (kind < 98) {
      cache().invalidate_if<T>([&](const typename T::key_type& held, const Sheet& sheet) {
        may_fail(200);
        if (!sheet.is_of(T::index, number_of(held))) world_.findings.add(World::text<T>(number, "invalidate_if"));
        return number_of(held) % rests == number % rests;
      });
      world_.history.rest_invalidated(T::index, number % rests, before);
    } else if (kind < 99) {
      cache().invalidate<T>();
      world_.history.tier_invalidated(T::index, before);
    } else {
      cache().clear();
      for (std::size_t tier = 0; tier < tier_count; ++tier) world_.history.tier_invalidated(tier, before);
    }
  }

  template <class T>
  void write(std::uint32_t number, const typename T::key_type& key) {
    std::optional<Moment> before;
    const auto operation = [&] {
      std::this_thread::yield();
      before = world_.history.now();
      may_fail(8);
    };
    try {
      cache().write<T>(key, operation).get();
    } catch (const Fault&) {}
    if (before) note_invalidated<T>(world_, number, *before);
  }

  template <class T>
  void check_bounds() {
    const tiercache::TierStats stats = cache().stats<T>();
    if (stats.entries > T::policy.capacity || stats.weight > T::policy.max_weight) {
      world_.findings.add("a tier above its bounds: " + std::string(T::name) + " with " +
                          std::to_string(stats.entries) + " entries that weigh " + std::to_string(stats.weight));
    }
    if (stats.inserts - stats.evictions - stats.expirations - stats.invalidations != stats.entries) {
      world_.findings.add("entries that do not add up: " + std::string(T::name));
    }
  }

  template <class T>
  void keep_up() {
    switch (chance().below(5)) {
      case 0:
        cache().trim<T>(chance().below(40));
        break;
      case 1:
        cache().purge_expired<T>();
        break;
      case 2:
        cache().on_removal<T>(Listener<T>{&world_});
        break;
      default: {
        tiercache::TierPolicy policy = T::policy;
        if (chance().is_one_in(2)) {
          policy.ttl = policy.ttl.duration() / (1 + chance().below(4));
          policy.capacity = 1 + chance().below(policy.capacity);
          policy.trim_to = 0;
        }
        cache().set_policy<T>(policy);
        break;
      }
    }
  }

  /// A coroutine that any thread may resume, so that it never leaves.
  template <class T>
  void start_anywhere(std::uint32_t number) {
    if (world_.callers > 48) return;
    const FetchSuspended<T> fetch{&world_};
    switch (chance().below(3)) {
      case 0:
        ask_anywhere<T>(world_, number, fetch, world_.stops.token(chance()));
        break;
      case 1:
        ask_anywhere<T>(world_, number, tiercache::owned(fetch), world_.stops.token(chance()));
        break;
      default:
        ask_through_an_executor<T>(world_, number, fetch);
        break;
    }
  }

  /// A coroutine that is resumed here, and may leave here.
  template <class T>
  void start_at_home(std::uint32_t number) {
    if (chance().is_one_in(2)) number %= 4;  // so that there are several of a key
    const auto token = world_.stops.token(chance());
    switch (chance().below(8)) {
      case 0:
      case 1:
        callers_.push_back(ask_at_home<T>(world_, actor_, number, tiercache::owned(FetchSuspended<T>{&world_}), token));
        break;
      case 2:
      case 3:
      case 4:
        callers_.push_back(ask_at_home<T>(world_, actor_, number, FetchAtHome<T>{&world_, &actor_}, token));
        break;
      case 5:
        callers_.push_back(ask_at_home<T>(world_, actor_, number, FetchAtOnce<T>{&world_}, token));
        break;
      case 6:
      case 7:
        callers_.push_back(ask_alone<T>(world_, actor_, actor_.own_key()));
        break;
      default:
        callers_.push_back(
            ask_many_at_home<T>(world_, actor_, some_keys(), tiercache::owned(FetchManySuspended<T>{&world_})));
        break;
    }
  }

  /// A thread that blocks.
  template <class T>
  void block(std::uint32_t number, const typename T::key_type& key) {
    const Moment settled = world_.history.settled(T::index, number);
    const auto check = [&](const auto& answer, const char* where) { world_.check<T>(number, answer, settled, where); };
    const FetchAtOnce<T> at_once{&world_};
    switch (chance().below(6)) {
      case 0:
        if constexpr (T::index == Stale::index) {
          const FetchIfModified<T> fetch{&world_, settled};
          return check(cache().get_or_fetch<T>(key, fetch).get(), "get_or_fetch with what there was");
        } else {
          const FetchOrNone<T> fetch{&world_};
          return check(cache().get_or_fetch<T>(key, fetch).get(), "get_or_fetch of what there may not be");
        }
      case 1:
        return check(cache().get_or_fetch<T>(key).get(), "get_or_fetch by the loader");
      case 2:
        return check(cache().get_or_fetch<T>(key, tiercache::owned(FetchSuspended<T>{&world_})).get(),
                     "get_or_fetch, blocked");
      case 3:
        return check(cache().get_or_fetch<T>(key, at_once).max_age(1ms).stop_on(world_.stops.token(chance())).get(),
                     "get_or_fetch of what is new");
      default:
        return check(cache().get_or_fetch<T>(key, at_once).get(), "get_or_fetch at once");
    }
  }

  template <class T>
  void block_for_many() {
    const std::vector<std::uint32_t> numbers = some_keys();
    std::vector<typename T::key_type> keys;
    std::vector<Moment> settled;
    for (const std::uint32_t number : numbers) {
      keys.push_back(key_of<typename T::key_type>(number));
      settled.push_back(world_.history.settled(T::index, number));
    }
    std::vector<std::optional<Sheet>> answers;
    if (chance().is_one_in(2)) {
      answers = cache().get_or_fetch_many<T>(keys, FetchMany<T>{&world_}).get();
    } else {
      answers = cache().get_or_fetch_many<T>(keys, FetchManySuspended<T>{&world_}).get();
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      world_.check<T>(numbers[i], answers[i], settled[i], "get_or_fetch_many");
    }
  }

  [[nodiscard]] std::vector<std::uint32_t> some_keys() {
    std::vector<std::uint32_t> keys(1 + chance().below(6));
    for (std::uint32_t& key : keys) key = chance().is_one_in(3) ? chance().below(4) : chance().key();
    return keys;
  }

  World& world_;
  Actor actor_;
  std::vector<tiercache::testing::Caller<bool>> callers_;
};

}  // namespace soak
