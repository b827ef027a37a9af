// Writing: plays writes with a fence, those that run at once and those that are under way for a while.
#pragma once

#include "choices.hpp"
#include "forgetting.hpp"
#include "operations.hpp"
#include "running.hpp"
#include "tiers.hpp"

#include <tiercache/tiercache.hpp>

#include <coroutine>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace model {

template <class Config, class Eviction>
class Writing : public Forgetting<Config, Eviction> {
  using Base = Forgetting<Config, Eviction>;

 protected:
  using Base::depth_;
  using Base::expect;
  using Base::forget;
  using Base::run_inner;
  using Base::subject_;
  using Base::tier;
  template <std::size_t number>
  using TierAt = typename Base::template TierAt<number>;

  using Base::Base;
  ~Writing() = default;

  void fence(std::size_t number, int key) {
    tier(number).supersede(key);
    static_cast<void>(forget(number, {key}));
  }

  template <std::size_t t>
  void write(int key, const Operation& o) {
    if (o.a % 2 != 0 && writers_.size() < 3) return write_suspended<t>(key);
    const bool throws = o.b % 4 == 0;
    const auto operation = [&] {
      try {
        fence(t, key);
        if (depth_ < 4) run_inner(o.c % 3U);
      } catch (const Mismatch&) {}  // noted
      if (throws) throw FetchFailed("the operation's own trouble");
      return 7;
    };
    try {
      if constexpr (t != motto) {
        expect(subject_.cache().template write<TierAt<t>>(key_of<TierAt<t>>(key), operation).get() == 7, "write");
      } else {
        expect(subject_.cache().template write<TierAt<t>>(operation).get() == 7, "write");
      }
      expect(!throws, "the operation throws");
    } catch (const FetchFailed&) {
      expect(throws, "the operation does not throw");
    }
    if (!subject_.verdict.fault().empty()) throw Mismatch();
    fence(t, key);
  }

  /// A write under way.
  struct Writer {
    std::size_t tier = 0;
    int key = 0;
    std::coroutine_handle<> suspended;
    support::Running<bool> coroutine;
  };
  struct WriteEnd {
    Writer& writer;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) const noexcept { writer.suspended = waiting; }
    void await_resume() const noexcept {}
  };
  template <std::size_t t>
  support::Running<bool> run_write(Writer& writer) {
    const auto operation = [this, &writer] {
      try {
        fence(t, writer.key);
      } catch (const Mismatch&) {}  // noted
      return WriteEnd{writer};
    };
    if constexpr (t != motto) {
      co_await subject_.cache().template write<TierAt<t>>(key_of<TierAt<t>>(writer.key), operation);
    } else {
      co_await subject_.cache().template write<TierAt<t>>(operation);
    }
    co_return true;
  }
  template <std::size_t t>
  void write_suspended(int key) {
    writers_.push_back(std::make_unique<Writer>());
    Writer& writer = *writers_.back();
    writer.tier = t;
    writer.key = key;
    writer.coroutine = run_write<t>(writer);
  }
  void finish_write(std::size_t number, bool leaves = false) {
    const std::unique_ptr<Writer> writer = std::move(writers_[number]);
    writers_.erase(writers_.begin() + static_cast<std::ptrdiff_t>(number));
    leaves ? writer->coroutine.leave() : writer->suspended.resume();
    if (subject_.is_open()) fence(writer->tier, writer->key);
  }

  std::vector<std::unique_ptr<Writer>> writers_;
};

}  // namespace model
