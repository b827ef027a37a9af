// ThreadedPlay: one run of a program of several threads against a cache whose locks are points of a ThreadScheduler.
// Whether the cache did well is the business of threaded_ledger.hpp, the callers are in threaded_callers.hpp.
#pragma once

#include "running.hpp"
#include "thread_scheduler.hpp"
#include "threaded_callers.hpp"
#include "threaded_ledger.hpp"
#include "threaded_program.hpp"

#include <tiercache/tiercache.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace support {

/// One run.
template <class Config>
class ThreadedPlay final : private ThreadedCallers<Config> {
  using Callers = ThreadedCallers<Config>;
  using typename Callers::Use;
  using Mutex = typename Config::threading::Mutex;
  using Call = ThreadedLedger::Call;
  static constexpr std::size_t capacity = ThreadedTier::policy.capacity;

 public:
  explicit ThreadedPlay(const ThreadedProgram& program) : Callers(program.threads.size()), program_(program) {}
  ThreadedPlay(const ThreadedPlay&) = delete;
  ThreadedPlay& operator=(const ThreadedPlay&) = delete;

  /// Returns what went wrong, if anything. Tells what happens in `told`, if there is one.
  [[nodiscard]] static std::string run(ThreadScheduler& scheduler, const ThreadedProgram& program, Choices& choices,
                                       ThreadScheduler::Grain grain, std::string* told = nullptr) {
    tiercache::ManualClock::reset();
    Kept::alive = Kept::read_when_dead = Mutex::held = 0;
    auto play = std::make_shared<ThreadedPlay>(program);
    if (program.is_filled) {
      for (int key = 0; key < static_cast<int>(capacity); ++key) play->put(key);
    }
    std::vector<std::function<void()>> jobs;
    for (std::size_t i = 0; i < program.threads.size(); ++i) jobs.emplace_back([play, i] { play->work(i); });
    std::string broken = scheduler.run(std::move(jobs), choices, grain, told);
    ThreadedLedger& ledger = play->ledger_;
    if (!broken.empty()) return ledger.broken().empty() ? broken : ledger.broken();
    if (Mutex::held != 0) {
      static_cast<void>(new auto(play));  // nobody can use the cache any more, nor destroy it
      return "P3: a lock is never released";
    }
    play->rest();
    broken = ledger.broken();
    play.reset();
    if (broken.empty() && Kept::read_when_dead != 0) broken = "a value is read after it was destroyed";
    if (broken.empty() && Kept::alive != 0) broken = "P3: a value is never destroyed, or twice";
    return broken;
  }

 private:
  using Callers::cache_;
  using Callers::is_closed_;
  using Callers::ledger_;
  using Callers::stoppers_;
  using Callers::uses_;

  // What a thread does.

  void work(std::size_t thread) {
    for (const Deed& deed : program_.threads[thread]) {
      if (is_closed_) break;
      if (ThreadScheduler::is_telling()) ThreadScheduler::note(deed.text());
      perform(thread, deed);
    }
    ++finished_;
    this->help_until(thread, [this] { return finished_ == program_.threads.size(); });
  }
  void perform(std::size_t thread, const Deed& deed) {
    const int key = deed.key;
    switch (deed.what) {
      case Do::ask_and_leave:
      case Do::ask_many_and_leave:
        return leave(thread, this->start(thread, deed));
      case Do::expire:
        return tiercache::ManualClock::advance(ThreadedTier::policy.ttl);
      case Do::stop: {
        // Whoever resumes a coroutine waits until the thread that stops it has done so, where no scheduler sees it.
        const ThreadScheduler::Hurry hurry;
        ledger_.may_give_up();
        stoppers_[static_cast<std::size_t>(key) % stoppers_.size()].request_stop();
        return;
      }
      case Do::close:
        return close();
      default:
        if (deed.asks()) return await(thread, this->start(thread, deed));
        const Use use(*this);
        return use_cache(deed.what, key);
    }
  }
  void use_cache(Do what, int key) {
    switch (what) {
      case Do::get: {
        const Call call = ledger_.call_begins(key);
        if (const auto value = cache_->template get<ThreadedTier>(key)) ledger_.sees_held(call, *value);
        return;
      }
      case Do::visit: {
        const Call call = ledger_.call_begins(key);
        const auto see = [&](const Kept& value) {
          ThreadScheduler::reach("visit", ThreadScheduler::Grain::fine);
          ledger_.sees_held(call, value);
        };
        cache_->template visit<ThreadedTier>(key, see);
        return;
      }
      case Do::peek: {
        const Call call = ledger_.call_begins(key, false);
        if (const auto entry = cache_->template peek<ThreadedTier>(key)) ledger_.sees(call, entry->value);
        return;
      }
      case Do::put:
        return put(key);
      case Do::write: {
        const std::size_t before = ledger_.forgetting_begins(key);
        std::size_t after = before;
        const auto operation = [&] {
          ledger_.forgetting_ends(before);
          ThreadScheduler::reach("write");
          after = ledger_.forgetting_begins(key);
        };
        cache_->template write<ThreadedTier>(key, operation).get();
        return ledger_.forgetting_ends(after);
      }
      case Do::invalidate:
        return forget(key, [&] { cache_->template invalidate<ThreadedTier>(key); });
      case Do::invalidate_tier:
        return forget(ThreadedLedger::all_keys, [&] { cache_->template invalidate<ThreadedTier>(); });
      case Do::invalidate_all_by_predicate:
        return forget(ThreadedLedger::all_keys, [&] { invalidate_if(true); });
      case Do::invalidate_none_by_predicate: {
        const std::size_t forgetting = ledger_.forgetting_begins(ThreadedLedger::all_keys, false);
        invalidate_if(false);
        return ledger_.forgetting_ends(forgetting);
      }
      case Do::clear:
        return forget(ThreadedLedger::all_keys, [&] { cache_->clear(); });
      case Do::purge:
        cache_->purge_expired();
        return;
      case Do::trim:
        cache_->template trim<ThreadedTier>(1);
        return;
      default:
        return ledger_.shows(cache_->template stats<ThreadedTier>(), capacity);
    }
  }
  void put(int key) {
    const int put = ledger_.put_begins(key);
    const Kept value(key, put);
    forget(key, [&] { cache_->template put<ThreadedTier>(key, value); });
    ledger_.put_ends(put);
  }
  void invalidate_if(bool meant) {
    const auto is_meant = [meant](int, const Kept&) {
      ThreadScheduler::reach("predicate", ThreadScheduler::Grain::fine);
      return meant;
    };
    cache_->template invalidate_if<ThreadedTier>(is_meant);
  }
  template <class Forget>
  void forget(int key, const Forget& forget) {
    const std::size_t forgetting = ledger_.forgetting_begins(key);
    forget();
    ledger_.forgetting_ends(forgetting);
  }
  /// Destroys the cache as its user may: when no call runs, and nobody makes another one.
  void close() {
    is_closed_ = true;
    ThreadScheduler::wait("close", [this] { return uses_ == 0; });
    forget(ThreadedLedger::all_keys, [this] { cache_.reset(); });
  }

  // Asking.

  void await(std::size_t thread, Running<bool> caller) {
    this->help_until(thread, [&caller] { return caller.is_done(); });
  }
  /// The caller is resumed on this thread only, so it can be destroyed here.
  void leave(std::size_t thread, Running<bool> caller) {
    ThreadScheduler::reach("stay");
    if (this->has_work(thread) && ThreadScheduler::choose(2) == 1) {
      this->do_work(thread);
      ThreadScheduler::reach("stay");
    }
    if (!caller.is_done() && ThreadScheduler::is_telling()) ThreadScheduler::note("leave");
    ledger_.may_give_up();
    caller.leave();
  }

  /// All threads have done what they had to. What is left is what nobody waits for.
  void rest() {
    for (std::size_t i = 0; i < program_.threads.size(); ++i) {
      while (this->has_work(i)) this->do_work(i);
    }
    if (is_closed_) return;
    ledger_.rests(cache_->template stats<ThreadedTier>(), capacity);
    for (int key = 0; key < ThreadedProgram::keys; ++key) {
      use_cache(Do::get, key);
      tiercache::ManualClock::advance(ThreadedTier::policy.ttl);
      ask_at_rest(key);
      const std::size_t fetches = ledger_.fetches();
      ask_at_rest(key);
      ledger_.expect(ledger_.fetches() == fetches, "what is fetched after all is over is not stored");
    }
    ledger_.rests(cache_->template stats<ThreadedTier>(), capacity);
  }
  void ask_at_rest(int key) {
    const Running<bool> caller = this->start(0, {Do::ask_plainly, key});
    ledger_.expect(caller.is_done(), "P3: a key is locked after all is over");
  }

  const ThreadedProgram program_;
  std::size_t finished_ = 0;
};

}  // namespace support
