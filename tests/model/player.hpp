// Player: plays a model test's program: each operation on the cache, and then on the reference.
#pragma once

#include "asking.hpp"
#include "caller.hpp"
#include "operations.hpp"
#include "reference_fetches.hpp"
#include "running.hpp"
#include "subject.hpp"
#include "tiers.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace model {

/// What happened in all programs together. A test of what never happened proves nothing.
struct Happened {
  tiercache::TierStats stats;
  std::array<std::uint64_t, 7> reports{};
  std::uint64_t operations = 0;
};
inline Happened happened;

template <class Config, class Eviction>
class Player {
  using Subject = model::Subject<Config, Eviction>;
  static constexpr std::size_t cards = 0;
  static constexpr std::size_t boards = 1;
  static constexpr std::size_t motto = 2;
  template <std::size_t number>
  using TierAt = typename Subject::template Tier<number>;
  template <std::size_t number>
  using Number = std::integral_constant<std::size_t, number>;

 public:
  explicit Player(const Program& program) : program_(program), subject_(program) {
    subject_.listen(true, false);
    Subject::for_each_tier([this]<std::size_t tier>(Number<tier>) { this->template set_loader<tier>(false); });
  }

  /// Runs the program, and returns what was wrong, or nothing.
  [[nodiscard]] std::string run() {
    try {
      while (next_ < program_.operations.size()) play(program_.operations[next_++]);
      end();
    } catch (const Mismatch&) {}
    const std::string& fault = subject_.verdict.fault();
    return fault.empty() ? fault : fault + " (operation " + std::to_string(next_) + ")";
  }

  // What happens while an operation runs.

  /// A caller's fetcher is called.
  void started(Asker& asker, int key) {
    subject_.verdict.note(key == asker.key, "the fetcher is given its key");
    if (direct_ != &asker) return record({Event::Kind::started, &asker, {}, subject_.see(asker.tier)});
    direct_ = nullptr;
    if (asker.inner == 0) return;
    tier(asker).within.push_back(tier(asker).flight_led_by(asker));
    run_inner(asker.inner);
    tier(asker).within.pop_back();
  }
  /// A loader is called, and asks what to answer.
  Answer loader_started(std::size_t number, bool fails) {
    const Answer answer = fails ? Answer{Answer::Kind::failed} : Answer{Answer::Kind::value, next_value_++};
    if (direct_ != nullptr && direct_->is_loader && direct_->tier == number) {
      direct_->script.outcome = answer;
      direct_ = nullptr;
    } else {
      record({Event::Kind::started, nullptr, answer, subject_.see(number)});
    }
    return answer;
  }
  /// A caller has an answer.
  void resumed(Asker& asker, const Answer& answer) {
    asker.is_done = true;
    record({Event::Kind::resumed, &asker, answer, subject_.see(asker.tier)});
  }

 private:
  /// A write under way.
  struct Writer {
    std::size_t tier = 0;
    int key = 0;
    std::coroutine_handle<> suspended;
    support::Running<bool> coroutine;
  };

  [[nodiscard]] ReferenceTier& tier(std::size_t number) noexcept { return subject_.tier(number); }
  [[nodiscard]] ReferenceTier& tier(const Asker& asker) noexcept { return subject_.tier(asker.tier); }
  void expect(bool holds, const char* what) { subject_.verdict.expect(holds, what); }
  void record(Event event) { events_.push_back(std::move(event)); }

  // Choices.

  [[nodiscard]] bool is_large() const noexcept { return program_.policies[0][0] % capacity_count == capacity_100; }
  [[nodiscard]] int some_key(const Operation& o, std::size_t number) const noexcept {
    return number == motto ? 0 : is_large() ? (o.key + o.a) % 150 : o.key % 8;
  }
  [[nodiscard]] static std::size_t some_tier(const Operation& o) noexcept {
    static constexpr std::size_t tiers[] = {cards, cards, cards, cards, boards, boards, boards, motto};
    return choose(tiers, o.tier);
  }
  [[nodiscard]] std::size_t some_weight(unsigned number, std::size_t of) const noexcept {
    static constexpr std::size_t weights[] = {1, 0, std::size_t{1} << 32, (std::numeric_limits<std::size_t>::max)()};
    if (of != cards) return 1;
    return program_.weights % 5 == 4 ? choose(weights, number) : choose(weights, program_.weights % 5);
  }
  [[nodiscard]] static Ttl some_ttl(unsigned number) noexcept {
    static constexpr Ttl ttls[] = {30s,
                                   2min,
                                   0ns,
                                   1ns,
                                   tiercache::forever,
                                   longest_but_forever,
                                   -1s,
                                   1min,
                                   10s,
                                   (std::chrono::hours::max)(),
                                   (std::chrono::nanoseconds::min)(),
                                   5s};
    return choose(ttls, number);
  }
  [[nodiscard]] static std::optional<Wide> some_stored_at(unsigned number) noexcept {
    static constexpr Wide first = (std::numeric_limits<std::int64_t>::min)();
    switch (number % 8) {
      case 0:
        return (std::min)(now() + wide(5s), last_time);
      case 1:
        return now();
      case 2:
        return (std::max)(now() - wide(20s), first);
      case 3:
        return number % 16 == 3 ? std::optional(first) : std::nullopt;
      default:
        return std::nullopt;
    }
  }

  // Operations.

  void play(const Operation& o) {
    ++depth_;
    ++happened.operations;
    const std::size_t number = some_tier(o);
    Subject::with_tier(number, [&]<std::size_t t>(Number<t>) { play_on<t>(o); });
    --depth_;
    if (!subject_.verdict.fault().empty()) throw Mismatch();
    subject_.compare();
  }

  template <std::size_t t>
  void play_on(const Operation& o) {
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
        return fetch<t>(key, o);
      case Kind::finish_fetch:
        return finish(o.key, false);
      case Kind::drop_fetch:
        return finish(o.key, true);
      case Kind::leave:
        return leave(o.key);
      case Kind::write:
        return write<t>(key, o);
      case Kind::invalidate:
        return invalidate<t>(key);
      case Kind::invalidate_if:
        return invalidate_if<t>(o.a % 4U);
      case Kind::invalidate_tier:
        return o.a % 2 == 0 ? get<t>(key) : invalidate_tier<t>();
      case Kind::clear:
        return o.a % 2 == 0 ? get<t>(key) : clear();
      case Kind::trim:
        return trim<t>(o.a % (is_large() ? 120U : 8U));
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
        return set_loader<t>(o.a % 3 == 0);
      case Kind::on_removal:
        return subject_.listen(o.a % 4 != 0, o.a % 4 == 1);
      case Kind::reset_stats:
        add_up();
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

  // Fetching.

  /// Calls `function.operator()<form, awaits, is_owned>()` for one of the kinds of fetchers. Cards have all; the others
  /// have some, for each takes long to compile.
  template <std::size_t t, class Function>
  static void with_kind(unsigned number, const Function& function) {
    if constexpr (t == cards) {
      if (number % 16 == 1) return function.template operator()<Form::entry, false, false>();
      if (number % 16 == 2) return function.template operator()<Form::optional, false, false>();
      if (number % 16 == 3) return function.template operator()<Form::value, true, false>();
      if (number % 16 == 4) return function.template operator()<Form::expected, false, false>();
      if (number % 16 == 5) return function.template operator()<Form::entry, true, true>();
      if (number % 16 == 6) return function.template operator()<Form::value, true, true>();
    }
    if constexpr (t != motto) {
      if (number % 16 == 7) return function.template operator()<Form::optional_entry, true, false>();
    }
    if (number % 4 == 0) return function.template operator()<Form::value, false, false>();
    if (number % 4 == 1) return function.template operator()<Form::expected, true, false>();
    return function.template operator()<Form::optional, true, true>();
  }

  template <std::size_t t>
  void fetch(int key, const Operation& o) {
    askers_.push_back(std::make_unique<Asker>());
    Asker& asker = *askers_.back();
    asker.tier = t;
    asker.key = key;
    asker.script.weight = some_weight(o.c, t);
    if (o.b % 16 == 15) {
      asker.is_loader = asker.is_owned = true;
      asker.script.weight = 1;
      return ask<t, true, false>(asker, o, ByLoader());
    }
    with_kind<t>(o.a, [&]<Form form, bool awaits, bool is_owned>() {
      constexpr bool has_times = form == Form::entry || form == Form::optional_entry;
      asker.takes_none = form == Form::optional || form == Form::optional_entry;
      asker.takes_error = form == Form::expected;
      asker.is_owned = is_owned;
      static constexpr Answer::Kind outcomes[] = {Answer::Kind::value, Answer::Kind::none, Answer::Kind::value,
                                                  Answer::Kind::failed};
      Answer::Kind outcome = choose(outcomes, o.b);
      if (outcome == Answer::Kind::none && asker.takes_error) outcome = Answer::Kind::error;
      if (outcome == Answer::Kind::none && !asker.takes_none) outcome = Answer::Kind::failed;
      asker.script.outcome = {outcome, outcome == Answer::Kind::value ? next_value_++ : 0};
      if (has_times && o.d % 4 != 0) asker.script.own_ttl = some_ttl(o.d / 4U);
      if (has_times) asker.script.stored_at = some_stored_at(o.c / 16U);
      const std::size_t running = active_.size();
      asker.script.suspends = awaits && o.e % 4 != 0 && running < 12;
      if (!awaits && depth_ < 4) asker.inner = o.e % 8 < 5 ? 0 : o.e % 8 - 4U;
      using F = Fetcher<TierAt<t>, form, awaits, Player>;
      if constexpr (t == cards && (form == Form::value || form == Form::expected)) {
        if (o.d % 4 == 0) {
          asker.max_age = some_ttl(o.d / 4U);
          return ask<t, is_owned, true>(asker, o, F(*this, asker));
        }
      }
      return ask<t, is_owned, false>(asker, o, F(*this, asker));
    });
  }

  template <std::size_t t, bool is_owned, bool has_age, class F>
  void ask(Asker& asker, const Operation& o, F fetcher) {
    using Beginning = ReferenceTier::Beginning::Kind;
    // Also where the cache does what it must not: a thread that blocks would tell nobody.
    const bool may_hang =
        Config::threading::can_block && (asker.script.suspends || tier(t).is_being_fetched(asker.key));
    const typename ReferenceTier::Beginning beginning = tier(t).begin(asker, now());
    const bool runs = beginning.kind == Beginning::leading || beginning.kind == Beginning::refreshing;
    const bool would_wait =
        beginning.kind == Beginning::joined || (beginning.kind == Beginning::leading && asker.script.suspends);
    const bool blocks = o.e / 8U % 2 == 0 && !may_hang;
    const std::size_t first = events_.size();
    Asker* const outer = std::exchange(direct_, runs ? &asker : nullptr);
    if (blocks) {
      ask_blocking<TierAt<t>, is_owned, has_age>(*this, subject_.cache(), asker, fetcher);
    } else {
      asker.coroutine = model::ask<TierAt<t>, is_owned, has_age>(*this, subject_.cache(), asker, fetcher);
    }
    subject_.verdict.note(direct_ == nullptr, "who is to run their fetcher does at once");
    direct_ = outer;
    follow(t, first, [&](Trace& trace) {
      ReferenceTier& reference = tier(t);
      if (runs && !asker.script.suspends) {
        const Answer outcome = reference.land(*beginning.flight, asker.script, now(), trace);
        return reference.expect_resumed(asker, beginning.kind == Beginning::leading ? outcome : beginning.answer,
                                        trace);
      }
      if (!would_wait) return reference.expect_resumed(asker, beginning.answer, trace);
      if (blocks) {  // it can only wait for its own thread
        reference.leave(asker, now(), trace);
        return reference.expect_resumed(asker, {Answer::Kind::recursive}, trace);
      }
      beginning.flight->waiters.push_back(&asker);
    });
    if (!asker.is_done || asker.suspended) active_.push_back(&asker);
  }

  /// A suspended fetch or operation ends; or it is dropped by whatever was to run it.
  void finish(unsigned number, bool is_dropped) {
    std::vector<Asker*> fetching;
    for (Asker* const asker : active_) {
      if (asker->suspended) fetching.push_back(asker);
    }
    const std::size_t all = fetching.size() + writers_.size();
    if (all == 0) return;
    const std::size_t chosen = number % all;
    if (chosen >= fetching.size()) return is_dropped ? void() : finish_write(chosen - fetching.size());
    Asker& asker = *fetching[chosen];
    ReferenceTier& reference = tier(asker);
    Flight* const flight = reference.flight_led_by(asker);
    expect(flight != nullptr, "only who leads fetches");
    if (is_dropped) asker.script.outcome = {Answer::Kind::abandoned};
    const std::size_t first = events_.size();
    const std::coroutine_handle<> suspended = std::exchange(asker.suspended, {});
    Asker* const outer = std::exchange(direct_, nullptr);
    is_dropped ? suspended.destroy() : suspended.resume();
    direct_ = outer;
    follow(asker.tier, first,
           [&](Trace& trace) { static_cast<void>(reference.land(*flight, asker.script, now(), trace)); });
    forget_done();
  }

  void leave(unsigned number) {
    std::vector<Asker*> waiting;
    for (Asker* const asker : active_) {
      if (!asker->is_done) waiting.push_back(asker);
    }
    const std::size_t all = waiting.size() + writers_.size();
    if (all == 0) return;
    const std::size_t chosen = number % all;
    if (chosen >= waiting.size()) return finish_write(chosen - waiting.size(), true);
    Asker& asker = *waiting[chosen];
    const std::size_t first = events_.size();
    Asker* const outer = std::exchange(direct_, nullptr);
    asker.is_done = true;
    asker.coroutine.leave();
    direct_ = outer;
    follow(asker.tier, first, [&](Trace& trace) { tier(asker).leave(asker, now(), trace); });
    forget_done();
  }

  void forget_done() {
    std::erase_if(active_, [](const Asker* asker) { return asker->is_done && !asker->suspended; });
  }

  /// Has the reference go through what happened since `first`.
  template <class Check>
  void follow(std::size_t number, std::size_t first, const Check& check) {
    if (!subject_.verdict.fault().empty()) throw Mismatch();
    record({Event::Kind::end, nullptr, {}, subject_.see(number)});
    Trace trace(events_, first);
    check(trace);
    expect(trace.is_at_end(), "nothing else happened");
    events_.resize(first);
  }

  /// Runs the next operations while another one is under way.
  void run_inner(unsigned count) {
    Asker* const outer = std::exchange(direct_, nullptr);
    try {
      for (; count != 0 && next_ < program_.operations.size(); --count) play(program_.operations[next_++]);
    } catch (const Mismatch&) {}  // noted; the library is not to catch it
    direct_ = outer;
  }

  template <std::size_t t>
  void set_loader(bool fails) {
    using T = TierAt<t>;
    const auto load = [this, fails] {
      const Answer answer = loader_started(t, fails);
      if (fails) throw FetchFailed("the loader's own trouble");
      return Value{answer.value, 1};
    };
    if constexpr (t != motto) {
      subject_.cache().template set_loader<T>([load](const typename T::key_type&) { return load(); });
    } else {
      subject_.cache().template set_loader<T>(load);
    }
  }

  // Forgetting.

  /// Which keys of a tier, and what follows from that: boards from cards, the motto from boards. All at once, for the
  /// order is not seen. Returns how many are dropped.
  std::size_t forget(std::size_t number, const std::set<int>& keys) {
    std::size_t dropped = 0;
    std::set<int> board_keys;
    bool is_motto_meant = number == motto;
    if (number == cards) {
      for (const int key : keys) {
        const Held* const held = tier(cards).find(key);
        const bool has_value = held != nullptr && held->has_value();
        if (const auto board = board_of(key, has_value ? std::optional(held->value) : std::nullopt)) {
          board_keys.insert(*board);
        }
      }
      dropped += drop(cards, keys, RemovalCause::Invalidated);
    }
    if (number == boards) board_keys = keys;
    for (const int key : board_keys) tier(boards).supersede(key);
    dropped += drop(boards, board_keys, number == boards ? RemovalCause::Invalidated : RemovalCause::Cascaded);
    if (!board_keys.empty()) tier(motto).supersede_all();
    const Held* const held = tier(motto).find(0);
    if (held != nullptr && !board_keys.empty()) {
      is_motto_meant = !held->has_value() || std::any_of(board_keys.begin(), board_keys.end(),
                                                         [&](int board) { return is_motto_of(board, held->value); });
    }
    const RemovalCause cause = number == motto ? RemovalCause::Invalidated : RemovalCause::Cascaded;
    return dropped + drop(motto, is_motto_meant ? std::set{0} : std::set<int>(), cause);
  }
  std::size_t drop(std::size_t number, const std::set<int>& keys, RemovalCause cause) {
    const auto is_meant = [&keys](const Held& held) { return keys.contains(held.key); };
    return tier(number).drop_if(is_meant, cause, subject_.see(number)).size();
  }
  std::size_t drop_dead(std::size_t number) { return tier(number).drop_dead(now(), subject_.see(number)); }

  template <std::size_t t>
  void invalidate(int key) {
    const std::size_t dropped = [&] {
      if constexpr (t != motto) return subject_.cache().template invalidate<TierAt<t>>(key_of<TierAt<t>>(key));
      if constexpr (t == motto) return subject_.cache().template invalidate<TierAt<t>>();
    }();
    tier(t).supersede(key);
    expect(dropped == forget(t, {key}), "invalidate");
  }
  template <std::size_t t>
  void invalidate_if(unsigned remainder) {
    const auto is_meant = [remainder](int key, int value) {
      return static_cast<unsigned>(key + value) % 4 == remainder;
    };
    const std::size_t dropped = [&] {
      using T = TierAt<t>;
      if constexpr (t != motto) {
        return subject_.cache().template invalidate_if<T>([&](const typename T::key_type& key, const Value& value) {
          return is_meant(number_of(key), value.number);
        });
      } else {
        return subject_.cache().template invalidate_if<T>(
            [&](const Value& value) { return is_meant(0, value.number); });
      }
    }();
    tier(t).supersede_all();
    std::set<int> keys;
    for (const auto& [key, held] : tier(t).held()) {
      if (!held.has_value() || is_meant(key, held.value)) keys.insert(key);
    }
    expect(dropped == (keys.empty() ? forget_nothing() : forget(t, keys)), "invalidate_if");
  }
  template <std::size_t t>
  void invalidate_tier() {
    const std::size_t dropped = subject_.cache().template invalidate<TierAt<t>>();
    tier(t).supersede_all();
    std::set<int> keys;
    for (const auto& [key, held] : tier(t).held()) keys.insert(key);
    expect(dropped == (keys.empty() ? forget_nothing() : forget(t, keys)), "invalidate a tier");
  }
  static std::size_t forget_nothing() noexcept { return 0; }

  void clear() {
    const std::size_t dropped = subject_.cache().clear();
    std::size_t expected = 0;
    for (const std::size_t number : {cards, boards, motto}) {
      tier(number).supersede_all();
      const auto all = [](const Held&) { return true; };
      expected += tier(number).drop_if(all, RemovalCause::Cleared, subject_.see(number)).size();
    }
    expect(dropped == expected, "clear");
  }
  template <std::size_t t>
  void trim(std::size_t count) {
    const std::size_t dropped = subject_.cache().template trim<TierAt<t>>(count);
    expect(dropped == tier(t).trim(count, subject_.see(t)), "trim");
  }

  // Writing with a fence.

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
      while (std::any_of(active_.begin(), active_.end(), [](const Asker* asker) { return !asker->is_done; })) leave(0);
      subject_.compare();
    }
    add_up();
    subject_.add_up_reports(happened.reports);
    subject_.close();
    while (!writers_.empty()) finish_write(0);
    while (!active_.empty()) {
      const std::size_t before = active_.size();
      finish(0, program_.end % 4 >= 2);
      expect(active_.size() <= before + 1, "fetches come to an end");
      if (std::none_of(active_.begin(), active_.end(), [](const Asker* asker) { return bool(asker->suspended); }))
        break;
    }
    for (const auto& asker : askers_) expect(asker->is_done, "P3: nobody is left waiting");
    for (const std::size_t number : {cards, boards, motto}) {
      expect(tier(number).in_flight() == 0, "no fetch is left under way");
    }
  }

  const Program& program_;
  Subject subject_;
  std::size_t next_ = 0;
  unsigned depth_ = 0;
  int next_value_ = 1;
  std::vector<Event> events_;
  /// Who was just told to begin with their own fetch.
  Asker* direct_ = nullptr;
  std::deque<std::unique_ptr<Asker>> askers_;
  /// Those who wait, or whose fetch is suspended.
  std::vector<Asker*> active_;
  std::vector<std::unique_ptr<Writer>> writers_;
};

}  // namespace model
