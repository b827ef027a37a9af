// Player: plays a model test's program: each operation on the cache, and then on the reference. What has a header of
// its own is in the classes that it derives from: each knows those before it.
#pragma once

#include "choices.hpp"
#include "fetching_many.hpp"
#include "operations.hpp"
#include "reference_bulk.hpp"
#include "subject.hpp"
#include "tiers.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace model {

template <class Config, class Eviction>
class Player final : private FetchingMany<Config, Eviction> {
  using Base = FetchingMany<Config, Eviction>;
  using typename Base::Subject;
  template <std::size_t number>
  using TierAt = typename Base::template TierAt<number>;
  template <std::size_t number>
  using Number = typename Base::template Number<number>;

 public:
  explicit Player(const Program& program) : Base(program) {
    subject_.listen(true, false);
    if (program.hashes % 4 == 0) return;  // without loaders at first
    Subject::for_each_tier([this]<std::size_t tier>(Number<tier>) { this->template set_loader<tier>(Loads::value); });
  }

  /// Runs the program, and returns what was wrong, or nothing.
  [[nodiscard]] std::string run() {
    try {
      while (next_ < program_.operations.size()) play(program_.operations[next_++]);
      end();
    } catch (const Mismatch&) {}
    const std::string& fault = subject_.verdict.fault();
    if (fault.empty()) return fault;
    std::string where = "at the end";
    if (next_ != 0) {
      const Kind kind = program_.operations[next_ - 1].kind;
      where = "operation " + std::to_string(next_) + ", " + std::string(kind_names[static_cast<std::size_t>(kind)]);
    }
    return "does not hold: " + fault + " (" + where + ")";
  }

 private:
  using Base::clear;
  using Base::depth_;
  using Base::drop_dead;
  using Base::expect;
  using Base::finish;
  using Base::finish_write;
  using Base::is_large;
  using Base::leave;
  using Base::next_;
  using Base::next_value_;
  using Base::program_;
  using Base::run_job;
  using Base::some_key;
  using Base::some_weight;
  using Base::subject_;
  using Base::tier;
  using Base::writers_;

  void play(const Operation& o) override {
    ++depth_;
    ++happened.operations;
    const std::size_t number = some_tier(o);
    Subject::with_tier(number, [&]<std::size_t t>(Number<t>) { play_on<t>(o); });
    --depth_;
    if (!subject_.verdict.fault().empty()) throw Mismatch();
    subject_.compare(number);
  }

  template <std::size_t t>
  void play_on(const Operation& o) {
    constexpr std::size_t keyed = t == motto ? cards : t;
    const int key = some_key(o, t);
    switch (o.kind) {
      case Kind::advance:
        return advance(o.a);
      case Kind::put:
        return put<t>(key, {.key = key, .weight = some_weight(o.b, t)}, 0);
      case Kind::put_with_ttl:
        return put<t>(key, {.key = key, .weight = some_weight(o.b, t), .own_ttl = some_ttl(o.c)}, 1);
      case Kind::put_entry:
        return put_entry<t>(key, o);
      case Kind::fill:
        for (int i = 0; i < (is_large() ? 40 : 3) && t != motto; ++i) {
          const int each = (key + i) % (is_large() ? 150 : 8);
          put<t>(each, {.key = each, .weight = some_weight(o.b + static_cast<unsigned>(i), t)}, 0);
        }
        return;
      case Kind::get:
        return get<t>(key);
      case Kind::peek:
        return subject_.template compare_peek<TierAt<t>>(tier(t), key);
      case Kind::visit:
        return visit<t>(key);
      case Kind::fetch:
        return this->template fetch<t>(key, o);
      case Kind::fetch_many:
        return this->template fetch_many<keyed>(key, o);
      case Kind::finish_fetch:
        return finish(o.key, false);
      case Kind::drop_fetch:
        return finish(o.key, true);
      case Kind::leave:
        return leave(o.key);
      case Kind::stop:
        return this->stop(o.key);
      case Kind::run_job:
        return run_job(o.key, o.a % 4 == 0);
      case Kind::write:
        return this->template write<t>(key, o);
      case Kind::invalidate:
        return this->template invalidate<t>(key);
      case Kind::invalidate_if:
        return this->template invalidate_if<t>(o.a % 4U);
      case Kind::invalidate_tier:
        return o.a % 2 == 0 ? get<t>(key) : this->template invalidate_tier<t>();
      case Kind::clear:
        return o.a % 2 == 0 ? get<t>(key) : clear();
      case Kind::trim:
        return this->template trim<t>(o.a % (is_large() ? 120U : 8U));
      case Kind::purge:
        return expect(subject_.cache().template purge_expired<TierAt<t>>() == drop_dead(t), "purge_expired of a tier");
      case Kind::purge_all: {
        const std::size_t dropped = subject_.cache().purge_expired();
        return expect(dropped == drop_dead(cards) + drop_dead(boards) + drop_dead(motto), "purge_expired");
      }
      case Kind::set_policy:
        return set_policy<t>(o);
      case Kind::set_bad_policy:
        return set_bad_policy<t>(o.a);
      case Kind::set_loader:
        return this->template set_loader<t>(static_cast<Loads>(o.a % 3));
      case Kind::on_removal:
        return subject_.listen(o.a % 4 != 0, o.a % 4 == 1);
      case Kind::reset_stats:
        add_up();
        subject_.compare_all_stats();
        subject_.cache().reset_stats();
        for (const std::size_t each : {cards, boards, motto}) tier(each).reset_stats();
        return;
    }
  }

  static void advance(unsigned number) {
    static constexpr Ttl lengths[] = {1ns, 1s,  5s, 10s, 29s, 1min, 1ns, 5s,
                                      10s, 20s, 1s, 1h,  0ns, 2min, 30s, longest_but_forever};
    // Over half of all time at once, now and then: what comes after that is at the end of the range.
    ManualClock::advance(number == 255 || number % 16 != 15 ? choose(lengths, number) : 1ns);
  }

  template <std::size_t t>
  void get(int key) {
    const std::optional<Value> value = [&] {
      if constexpr (t != motto) return subject_.cache().template get<TierAt<t>>(key_of<TierAt<t>>(key));
      if constexpr (t == motto) return subject_.cache().template get<TierAt<t>>();
    }();
    const std::optional<int> expected = tier(t).read(key, now());
    expect((value ? std::optional(value->number) : std::nullopt) == expected, "get");
  }

  template <std::size_t t>
  void visit(int key) {
    std::optional<int> seen;
    const auto look = [&seen](const Value& value) { seen = value.number; };
    const bool is_there = [&] {
      if constexpr (t != motto) return subject_.cache().template visit<TierAt<t>>(key_of<TierAt<t>>(key), look);
      if constexpr (t == motto) return subject_.cache().template visit<TierAt<t>>(look);
    }();
    const std::optional<int> expected = tier(t).read(key, now());
    expect(seen == expected && is_there == expected.has_value(), "visit");
  }

  /// Puts in one of the three forms.
  template <std::size_t t>
  void put(int key, Held held, int form) {
    using T = TierAt<t>;
    held.value = next_value_++;
    const Value value{held.value, held.weight};
    CacheEntry<Value> entry{.value = value, .stored_at = time_at(held.stored_at)};
    if (held.own_ttl) entry.ttl = *held.own_ttl;
    auto& cache = subject_.cache();
    if constexpr (t != motto) {
      if (form == 0) cache.template put<T>(key_of<T>(key), value);
      if (form == 1) cache.template put<T>(key_of<T>(key), value, *held.own_ttl);
      if (form == 2) cache.template put<T>(key_of<T>(key), entry);
    } else {
      if (form == 0) cache.template put<T>(value);
      if (form == 1) cache.template put<T>(value, *held.own_ttl);
      if (form == 2) cache.template put<T>(entry);
    }
    held.stored_at = held.stored_at == 0 ? now() : (std::min)(held.stored_at, now());
    tier(t).supersede(key);
    tier(t).admit(held, now(), subject_.see(t));
  }
  template <std::size_t t>
  void put_entry(int key, const Operation& o) {
    Held held{.key = key, .weight = some_weight(o.b, t), .stored_at = some_stored_at(o.c).value_or(0)};
    if (o.d % 4 != 0) held.own_ttl = some_ttl(o.d / 4U);
    put<t>(key, held, 2);
  }

  // Upkeep.

  template <std::size_t t>
  void set_policy(const Operation& o) {
    const std::uint8_t bytes[] = {o.a, o.b, o.c, o.d, o.e};
    TierPolicy policy = policy_of(bytes);
    const TierPolicy& before = tier(t).policy();
    if (o.key % 4 != 0) {
      // Else most of a program would run with nothing held.
      policy.capacity = before.capacity;
      policy.trim_to = (std::min)(policy.trim_to, policy.capacity);
      policy.max_weight = before.max_weight;
    }
    if (o.key % 8 < 3) policy.ttl = before.ttl;
    subject_.cache().template set_policy<TierAt<t>>(policy);
    tier(t).set_policy(policy, now(), subject_.see(t));
  }
  template <std::size_t t>
  void set_bad_policy(unsigned number) {
    TierPolicy policy = tier(t).policy();
    if (number % 4 == 0) policy.ttl = -1ns;
    if (number % 4 == 1) policy.stale_for = (std::chrono::nanoseconds::min)();
    if (number % 4 == 2) policy.jitter = 1.5;
    if (number % 4 == 3) policy.trim_to = policy.capacity + 1, policy.capacity = policy.trim_to - 1;
    if (number % 4 == 3 && policy.trim_to == 0) policy.ttl = Ttl::unset();
    try {
      subject_.cache().template set_policy<TierAt<t>>(policy);
      expect(false, "a policy that contradicts itself is refused");
    } catch (const std::invalid_argument&) {}
    tier(t).expect_unchanged(subject_.see(t));
  }

  /// Adds to what happened in all programs.
  void add_up() {
    for (const tiercache::TierStats& stats : subject_.cache().stats()) {
      for (const auto counter : tiercache::detail::counters) happened.stats.*counter += stats.*counter;
    }
  }

  /// Nobody is left waiting, whether the cache goes first or last.
  void end() {
    if (program_.end % 2 == 0) {
      while (this->is_anybody_waiting()) leave(0);
      subject_.compare();
    }
    add_up();
    subject_.add_up_reports(happened.reports);
    subject_.close();
    while (!writers_.empty()) finish_write(0);
    for (std::size_t steps = 0; this->is_under_way(); ++steps) {
      expect(steps < 1000, "all comes to an end");
      run_job(0, false);
      finish(0, program_.end % 4 >= 2);
    }
    expect(this->is_all_answered(), "P3: nobody is left waiting");
    for (const std::size_t number : {cards, boards, motto}) {
      expect(tier(number).in_flight() == 0, "no fetch is left under way");
    }
  }
};

}  // namespace model
