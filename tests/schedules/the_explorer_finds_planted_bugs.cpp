#include "catch.hpp"
#include "play.hpp"
#include "schedule.hpp"
#include "staged_fetch.hpp"

#include <tiercache/tiercache.hpp>

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace support;

namespace {

enum class Bug {
  none,
  stores_what_was_forgotten,
  shares_a_fetch_across_an_invalidation,
  forgets_nothing,
  serves_what_was_forgotten,
  never_shares_a_fetch,
  ends_a_flight_after_waking,
  wakes_one,
  wakes_nobody_for_a_dropped_fetch,
  wakes_nobody_without_a_cache,
  lets_a_fetch_go_on,
  promotes_nobody,
  promotes_twice,
  gives_the_last_failure,
  serves_past_the_deadline,
  stores_nothing,
  counts_a_hit_twice,
  leaks_a_value,
};

Bug bug = Bug::none;

/// A cache of one key, simple enough to be right but for the bug that is planted in it.
class TinyCache {
  struct State;
  struct Waiter {
    virtual void start() = 0;
    std::coroutine_handle<> waiting;

   protected:
    ~Waiter() = default;
  };
  struct Flight {
    std::vector<Waiter*> waiters;
    Waiter* leader = nullptr;
    std::coroutine_handle<> driver;
    std::optional<Fetched> value;
    std::exception_ptr failure;
    tiercache::TimePoint started_at;
    bool is_leader_leaving = false;
    bool is_done = false;
  };

  struct Driver {
    struct promise_type {
      Driver get_return_object() noexcept { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
      std::suspend_always initial_suspend() const noexcept { return {}; }
      std::suspend_never final_suspend() const noexcept { return {}; }
      void return_void() const noexcept {}
      [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    };
    std::coroutine_handle<> handle;
  };

  struct State {
    std::optional<Fetched> held;
    std::optional<Fetched> forgotten;
    tiercache::TimePoint stored_at;
    std::shared_ptr<Flight> current;
    std::exception_ptr last_failure;
    tiercache::TierStats stats;
    bool is_closed = false;

    [[nodiscard]] bool is_fresh() const {
      if (bug == Bug::serves_past_the_deadline) return held.has_value();
      return held && tiercache::ManualClock::now() - stored_at < PlayedTier::policy.ttl.duration();
    }
    void store(const Fetched& value, tiercache::TimePoint since) {
      if (held && !is_fresh()) ++stats.expirations;
      ++(is_fresh() ? stats.updates : stats.inserts);
      held.reset();
      held.emplace(value);
      stored_at = since;
    }
    std::size_t forget() {
      if (bug != Bug::shares_a_fetch_across_an_invalidation) current.reset();
      if (bug == Bug::forgets_nothing || !held) return 0;
      if (bug == Bug::serves_what_was_forgotten) forgotten.emplace(*held);
      held.reset();
      ++stats.invalidations;
      return 1;
    }
    void land(const std::shared_ptr<Flight>& flight) {
      flight->is_done = true;
      --stats.in_flight;
      const bool is_stored = current == flight || bug == Bug::stores_what_was_forgotten;
      if (bug == Bug::ends_a_flight_after_waking) wake(*flight);
      if (current == flight) current.reset();
      if (flight->value && is_stored && !is_closed && bug != Bug::stores_nothing) {
        store(*flight->value, flight->started_at);
      }
      if (bug == Bug::leaks_a_value && flight->value) ++Fetched::alive;  // as if there were another one
      if (bug == Bug::wakes_nobody_without_a_cache && is_closed) return;
      wake(*flight);
    }
    void wake(Flight& flight) {
      while (!flight.waiters.empty()) {
        Waiter* const waiter = flight.waiters.front();
        flight.waiters.erase(flight.waiters.begin());
        waiter->waiting.resume();
        if (bug == Bug::wakes_one) return;
      }
    }
    void abandon(const std::shared_ptr<Flight>& flight) {
      if (flight->is_leader_leaving) return;
      flight->failure = std::make_exception_ptr(tiercache::fetch_abandoned());
      if (bug == Bug::wakes_nobody_for_a_dropped_fetch) flight->waiters.clear();
      land(flight);
    }
  };

  template <class F>
  class Lookup final : public Waiter {
   public:
    Lookup(std::shared_ptr<State> state, const F& fetcher) : state_(std::move(state)), fetcher_(fetcher) {}
    Lookup(const Lookup&) = delete;
    Lookup& operator=(const Lookup&) = delete;
    ~Lookup() {
      if (!flight_) return;
      std::erase(flight_->waiters, this);
      if (flight_->leader != this || flight_->is_done) return;
      flight_->leader = nullptr;
      if (bug == Bug::lets_a_fetch_go_on) return;
      flight_->is_leader_leaving = true;
      flight_->driver.destroy();
      flight_->is_leader_leaving = false;
      if (flight_->waiters.empty()) {
        flight_->is_done = true;
        --state_->stats.in_flight;
        if (state_->current == flight_) state_->current.reset();
      } else if (bug != Bug::promotes_nobody) {
        flight_->waiters.front()->start();
        if (bug == Bug::promotes_twice) flight_->waiters.back()->start();
      }
    }

    Lookup& operator co_await() && noexcept { return *this; }

    bool await_ready() {
      ++state_->stats.lookups;
      if (state_->is_fresh()) {
        state_->stats.hits += bug == Bug::counts_a_hit_twice ? 2 : 1;
        answer_.emplace(*state_->held);
        return true;
      }
      if (state_->forgotten) {
        ++state_->stats.hits;
        answer_.emplace(*state_->forgotten);
        return true;
      }
      ++state_->stats.misses;
      if (bug == Bug::gives_the_last_failure && state_->last_failure) {
        ++state_->stats.lookups_without_fetch;
        std::rethrow_exception(state_->last_failure);
      }
      if (state_->current && bug != Bug::never_shares_a_fetch) {
        ++state_->stats.fetches_joined;
        flight_ = state_->current;
        return flight_->is_done;
      }
      ++state_->stats.fetches_led;
      ++state_->stats.in_flight;
      flight_ = state_->current = std::make_shared<Flight>();
      start();
      return flight_->is_done;
    }
    bool await_suspend(std::coroutine_handle<> its) {
      waiting = its;
      flight_->waiters.push_back(this);
      return true;
    }
    Fetched await_resume() {
      if (answer_) return *answer_;
      if (flight_->failure) std::rethrow_exception(flight_->failure);
      return flight_->value.value();
    }

   private:
    void start() override {
      flight_->leader = this;
      flight_->started_at = tiercache::ManualClock::now();
      flight_->driver = drive(state_, flight_, fetcher_).handle;
      flight_->driver.resume();
    }
    static Driver drive(std::shared_ptr<State> state, std::shared_ptr<Flight> flight, const F& fetcher) {
      struct Ticket {
        ~Ticket() {
          if (!is_landed) state.abandon(flight);
        }
        State& state;
        const std::shared_ptr<Flight>& flight;
        bool is_landed = false;
      } ticket{*state, flight};
      try {
        auto fetch = fetcher();
        flight->value.emplace(co_await fetch);
      } catch (const FetchFailed&) {
        flight->failure = state->last_failure = std::current_exception();
      }
      ticket.is_landed = true;
      state->land(flight);
    }

    std::shared_ptr<State> state_;
    const F& fetcher_;
    std::shared_ptr<Flight> flight_;
    std::optional<Fetched> answer_;
  };

 public:
  TinyCache() = default;
  TinyCache(const TinyCache&) = delete;
  TinyCache& operator=(const TinyCache&) = delete;
  ~TinyCache() {
    state_->is_closed = true;
    state_->forget();
    state_->held.reset();
  }

  template <class T, class F>
  Lookup<F> get_or_fetch(int, const F& fetcher) {
    return Lookup<F>(state_, fetcher);
  }
  template <class T>
  std::optional<Fetched> get(int) {
    ++state_->stats.lookups;
    ++(state_->is_fresh() ? state_->stats.hits : state_->stats.misses);
    if (!state_->is_fresh()) ++state_->stats.lookups_without_fetch;
    return state_->is_fresh() ? state_->held : std::nullopt;
  }
  template <class T>
  std::optional<tiercache::CacheEntry<Fetched>> peek(int) {
    if (!state_->held) return std::nullopt;
    return tiercache::CacheEntry<Fetched>{.value = *state_->held};
  }
  template <class T>
  void put(int, const Fetched& value) {
    state_->current.reset();
    state_->store(value, tiercache::ManualClock::now());
  }
  template <class T>
  std::size_t invalidate(int = 0) {
    return state_->forget();
  }
  template <class T, class Predicate>
  std::size_t invalidate_if(const Predicate&) {
    return state_->forget();
  }
  std::size_t clear() { return state_->forget(); }
  template <class T>
  tiercache::TierStats stats() {
    tiercache::TierStats stats = state_->stats;
    stats.entries = state_->held ? 1 : 0;
    return stats;
  }

 private:
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// Returns what goes wrong first, having seen that its choices alone make it go wrong again.
std::string found(Bug planted) {
  bug = planted;
  using Played = Play<TinyCache>;
  const auto caller = Played::asks<By::event>();
  const std::vector<Played::Asker> callers{caller, caller, caller};
  for (const Program& program : {
           Program{.acts = {Act::close, Act::leave}, .reactions = {Act::leave}, .endings = {Act::drop_fetch}},
           Program{.acts = {Act::leave, Act::leave, Act::put, Act::get}},
           Program{.acts = {Act::invalidate, Act::expire}, .reactions = {Act::ask_again}},
       }) {
    const auto run = [&](Schedule& schedule) { return Played::run(callers, program, schedule); };
    const Explored explored = search("planted", Schedule(), run);
    if (explored.broken.empty()) continue;
    Schedule again(Schedule::parse(explored.choices));
    CHECK(run(again) == explored.broken);
    return explored.broken;
  }
  return "nothing";
}

}  // namespace

TEST_CASE("a small cache keeps its promises, and does not with a bug in it") {
  const auto starts_with = [](const char* promise) { return Catch::Matchers::StartsWith(promise); };
  CHECK(found(Bug::none) == "nothing");
  CHECK_THAT(found(Bug::stores_what_was_forgotten), starts_with("P2, P4"));
  CHECK_THAT(found(Bug::shares_a_fetch_across_an_invalidation), starts_with("P2, P4"));
  CHECK_THAT(found(Bug::forgets_nothing), starts_with("P2, P4"));
  CHECK_THAT(found(Bug::serves_what_was_forgotten), starts_with("P4"));
  CHECK_THAT(found(Bug::never_shares_a_fetch), starts_with("P1"));
  CHECK_THAT(found(Bug::ends_a_flight_after_waking), starts_with("P2"));
  CHECK_THAT(found(Bug::wakes_one), starts_with("P3"));
  CHECK_THAT(found(Bug::wakes_nobody_for_a_dropped_fetch), starts_with("P3"));
  CHECK_THAT(found(Bug::wakes_nobody_without_a_cache), starts_with("P3"));
  CHECK_THAT(found(Bug::lets_a_fetch_go_on), starts_with("P5"));
  CHECK_THAT(found(Bug::promotes_nobody), starts_with("P3"));
  CHECK_THAT(found(Bug::promotes_twice), starts_with("P1"));
  CHECK_THAT(found(Bug::gives_the_last_failure), starts_with("P2"));
  CHECK_THAT(found(Bug::serves_past_the_deadline), starts_with("P8"));
  CHECK_THAT(found(Bug::stores_nothing), starts_with("what"));
  CHECK_THAT(found(Bug::counts_a_hit_twice), starts_with("P11"));
  CHECK_THAT(found(Bug::leaks_a_value), starts_with("P3"));
}

TEST_CASE("every list of choices is made once, in order, and can be made again") {
  std::vector<std::string> lists;
  const auto run = [&lists](Schedule& schedule) {
    std::string list = std::to_string(schedule.choose(2));
    static_cast<void>(schedule.choose(1));
    list += std::to_string(schedule.choose(list == "0" ? 3 : 2));
    lists.push_back(list);
    return std::string(list == "11" ? "broken" : "");
  };
  const Explored explored = search("lists", Schedule(), run);
  CHECK(lists == std::vector<std::string>{"00", "01", "02", "10", "11"});
  CHECK(explored.schedules == 5);
  CHECK(explored.broken == "broken");
  CHECK(explored.choices == "1,1");
  Schedule again(Schedule::parse("0,2"));
  CHECK(run(again).empty());
  CHECK(lists.back() == "02");
  CHECK(again.fits());
  Schedule wrong(Schedule::parse("1,2"));
  static_cast<void>(run(wrong));
  CHECK_FALSE(wrong.fits());
}
