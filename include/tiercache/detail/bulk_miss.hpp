// BulkMiss: a bulk lookup that memory has not all answers for. It waits for many flights at once and runs the fetches
// of those that it leads. What becomes of each is decided in detail/flight_control.hpp.
#pragma once

#include <tiercache/detail/array.hpp>
#include <tiercache/detail/blocked_thread.hpp>
#include <tiercache/detail/bulk_batch.hpp>
#include <tiercache/detail/bulk_fetching.hpp>
#include <tiercache/detail/chain.hpp>
#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/driver.hpp>
#include <tiercache/detail/fetch_scope.hpp>
#include <tiercache/detail/flight.hpp>
#include <tiercache/detail/lock.hpp>
#include <tiercache/detail/lookups.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/detail/relay.hpp>
#include <tiercache/detail/waiter.hpp>
#include <tiercache/error.hpp>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace tiercache::detail {

/// A key of a bulk lookup that memory has no answer for.
template <class Flight>
struct Missing {
  std::size_t position = 0;
  Reference<Flight> flight;
  Beginning beginning = Beginning::answered;
};

/// The part of a bulk lookup that exists only once it missed. Shares in it have the lookup, every list on which one of
/// its parts waits, and every fetch that it runs.
///
/// The flights that it waits for end on any threads at any time. Whoever finds that there is something to be done (all
/// have ended; one is to be led, or asked for again) takes the right to go on, if nobody has it, and goes on where the
/// lookup is to be resumed. So one thread at a time acts for the lookup, and calls its fetcher.
template <class Lookup>
class BulkMiss final : public Waiter,
                       public Counted<BulkMiss<Lookup>, typename Lookup::StoreType::Threading::ReferenceCount> {
  using Store = typename Lookup::StoreType;
  using T = typename Store::TierType;
  using Control = typename Store::Control;
  using Flight = typename Store::Flight;
  using Fetching = typename Lookup::Fetching;
  using Fetcher = typename Fetching::Fetcher;
  using Outcome = detail::Outcome<typename T::value_type>;
  using Lock = LockGuard<std::remove_reference_t<decltype(std::declval<Control&>().lock())>>;

 public:
  BulkMiss(Lookup& lookup, Control& control, std::size_t count)
      : lookup_(lookup), control_(Reference<Control>::share(control)), parts_(count), count_(count) {
    if constexpr (Fetching::is_owned) {
      using Given = std::conditional_t<std::is_reference_v<typename Lookup::FetcherType>, Fetcher&, Fetcher&&>;
      fetcher_.emplace(static_cast<Given>(lookup.fetcher_.fetcher()));
    }
  }

  /// Begins to wait for what is missing, and runs the fetch of what this is to lead. Tells whether there is an answer
  /// to everything.
  [[nodiscard]] bool start(std::vector<Missing<Flight>>& missing) noexcept {
    const auto self = Reference<BulkMiss>::share(*this);
    Batch<Control> batch;
    for (std::size_t i = 0; i < count_; ++i) {
      Part& part = parts_[i];
      part.miss = this;
      part.position = missing[i].position;
      part.flight = std::move(missing[i].flight);
      take_part(part, missing[i].beginning, batch);
    }
    run(std::move(batch));
    const Lock lock(control_->lock());
    return waiting_ == 0 && todo_ == nullptr;
  }

  /// Begins to wait, as a coroutine. Tells whether there is anything to wait for.
  [[nodiscard]] bool wait(std::coroutine_handle<> waiting) noexcept {
    const auto self = Reference<BulkMiss>::share(*this);
    waiting_coroutine_ = waiting;
    asked_within = FetchScope::current();
    return !work();
  }
  /// The same, for a coroutine that is resumed by a job which `post` takes.
  template <class Post>
  [[nodiscard]] bool wait(std::coroutine_handle<> waiting, Post&& post) {
    using Posting = PostingRelay<Control, std::remove_cvref_t<Post>>;
    relay_ = Reference<Relay>::adopt(new Posting(*this, {}, std::forward<Post>(post)));
    return wait(waiting);
  }
  /// Blocks until there is an answer to everything; in a cache that cannot block, throws where it would have to.
  void block() {
    if constexpr (Store::Threading::can_block) {
      if (is_within_destruction()) {
        leave();
        throw_recursive_fetch();
      }
      Thread thread(control_->lock());
      thread_ = &thread;
      while (!work()) static_cast<void>(thread.wait());
    } else if (!work()) {
      leave();
      throw_recursive_fetch();
    }
  }

  /// Calls `give(position, outcome)` with what was waited for, in order. Throws the first failure.
  template <class Give>
  void take(const Give& give) {
    if (failure_) detail::rethrow(failure_);
    for (std::size_t i = 0; i < count_; ++i) {
      if (!parts_[i].flight) continue;
      const Outcome& outcome = parts_[i].flight->outcome;
      if (outcome.kind() == Outcome::Kind::exception) detail::rethrow(outcome.exception());
      give(parts_[i].position, outcome);
    }
  }

  /// Takes the lookup off all flights, and its fetches along. The lookup is not touched any more.
  void leave() noexcept {
    std::size_t waiting = 0;
    Part* led = nullptr;
    Reference<Relay> posted;
    {
      const Lock lock(control_->lock());
      if (std::exchange(has_left_, true)) return;
      for (std::size_t i = 0; i < count_; ++i) waiting += WaiterList::erase(parts_[i]) ? 1U : 0U;
      led = std::exchange(todo_, nullptr);
      posted = std::move(posted_);
    }
    if (posted) posted->detach();
    while (Run* const run = run_to_destroy()) {
      const FetchScope scope(FetchScope::Destroying{}, run->batch.id());
      run->driver.destroy();
    }
    pass_on(led);
    for (; waiting != 0; --waiting) this->remove_owner();
  }

  // What a relay tells when its job runs.
  void settled() noexcept override { go_on(); }
  void lead() noexcept override {}
  void stopped() noexcept override {}

 private:
  friend Counted<BulkMiss, typename Store::Threading::ReferenceCount>;
  using Relay = detail::Relay<Control>;
  using Thread = BlockedThread<std::remove_reference_t<decltype(std::declval<Control&>().lock())>>;
  struct Nothing {};

  /// What is to be done about a part that does not wait: nothing; wait again; look for its key again; lead.
  enum class Todo : unsigned char { nothing, wait, ask, lead };

  /// The wait for one flight.
  struct Part final : Waiter {
    void settled() noexcept override { miss->told(*this, false); }
    void lead() noexcept override { miss->told(*this, true); }
    void stopped() noexcept override {}

    BulkMiss* miss = nullptr;
    std::size_t position = 0;
    Reference<Flight> flight;
    /// The next one that something is to be done about.
    Part* next = nullptr;
    Todo todo = Todo::nothing;
  };

  /// A fetch that can be suspended.
  struct Run {
    decltype(auto) call() { return detail::call_bulk_fetcher<T, Fetcher>(miss->fetcher(), batch.keys()); }
    void land() noexcept {
      miss->forget(*this);
      batch.land();
    }

    Reference<BulkMiss> miss;
    Batch<Control> batch;
    std::coroutine_handle<> driver;
    Run* next = nullptr;
  };
  /// Owns a fetch; it is the coroutine that does.
  class OwnedRun {
   public:
    explicit OwnedRun(Run* run) noexcept : run_(run) {}
    OwnedRun(OwnedRun&& other) noexcept : run_(std::exchange(other.run_, nullptr)) {}
    OwnedRun& operator=(OwnedRun other) noexcept {
      std::swap(run_, other.run_);
      return *this;
    }
    ~OwnedRun() {
      if (run_ == nullptr) return;
      run_->miss->forget(*run_);  // its flights end here, if they have not, and those who wait may leave
      delete run_;
    }
    [[nodiscard]] Run* operator->() const noexcept { return run_; }
    [[nodiscard]] Run* get() const noexcept { return run_; }
    [[nodiscard]] Run* release() noexcept { return std::exchange(run_, nullptr); }

   private:
    Run* run_;
  };

  ~BulkMiss() = default;

  [[nodiscard]] auto& fetcher() noexcept {
    if constexpr (Fetching::is_owned) {
      return *fetcher_;
    } else {
      return lookup_.fetcher_;
    }
  }

  /// Whether an outcome is an answer to a bulk lookup.
  [[nodiscard]] static bool is_answer(const Outcome& outcome) noexcept {
    return outcome.kind() != Outcome::Kind::pending && outcome.kind() != Outcome::Kind::error;
  }

  /// A part was taken off its flight's list.
  void told(Part& part, bool is_to_lead) noexcept {
    const auto self = Reference<BulkMiss>::adopt(this);
    bool goes_on = false;
    Reference<Flight> passed_on;
    {
      const Lock lock(control_->lock());
      --waiting_;
      if (!has_left_) {
        // Whoever goes on now may be in the middle of a fetch, and wait for this key: then it is for the next one.
        const bool leads = is_to_lead && !is_busy_;
        note(part, leads ? Todo::lead : is_to_lead ? Todo::wait : todo_after(*part.flight));
        is_to_lead = is_to_lead && !leads;
        goes_on = (waiting_ == 0 || todo_ != nullptr) && !std::exchange(is_busy_, true);
      }
      if (is_to_lead) passed_on = part.flight;
    }
    if (passed_on) Ticket<Control>(std::move(passed_on)).pass_on();
    if (goes_on) go_on_where_it_resumes();
  }
  /// Notes what is to be done about a part. Wants the lock held.
  void note(Part& part, Todo todo) noexcept {
    part.todo = todo;
    if (todo != Todo::nothing) part.next = std::exchange(todo_, &part);
  }
  /// What is to be done where a fetch has ended.
  [[nodiscard]] static Todo todo_after(const Flight& done) noexcept {
    return is_answer(done.outcome) ? Todo::nothing : Todo::ask;
  }

  /// Has others run the fetches that this was to lead.
  static void pass_on(const Part* todo) noexcept {
    for (; todo != nullptr; todo = todo->next) {
      if (todo->todo == Todo::lead) Ticket<Control>(todo->flight).pass_on();
    }
  }
  [[nodiscard]] bool has_left() const noexcept {
    const Lock lock(control_->lock());
    return has_left_;
  }

  /// They were noted as their fetches ended, which is no order that anybody asked for.
  [[nodiscard]] static Part* in_order_asked(Part* todo) noexcept {
    return detail::sorted_chain(todo,
                                [](const Part& left, const Part& right) { return left.position < right.position; });
  }

  // What follows wants the right to go on.

  void go_on_where_it_resumes() noexcept {
    if constexpr (Store::Threading::can_block) {
      if (thread_ != nullptr) return thread_->settled();
    }
    const Reference<Relay> relay = relay_ ? relay_->again({}) : Reference<Relay>();
    if (!relay) return go_on();
    relay->asked_within = asked_within;
    Reference<Relay> former = relay;  // goes with no lock held
    {
      const Lock lock(control_->lock());
      if (has_left_) return;
      std::swap(posted_, former);
    }
    relay->add_owner();
    relay->settled();
  }
  void go_on() noexcept {
    const auto self = Reference<BulkMiss>::share(*this);
    if (work()) waiting_coroutine_.resume();
  }

  /// Does what there is to be done. Tells whether there is an answer to everything; else the right to go on is given
  /// up.
  [[nodiscard]] bool work() noexcept {
    for (;;) {
      Part* todo = nullptr;
      {
        const Lock lock(control_->lock());
        if (has_left_) return false;
        todo = std::exchange(todo_, nullptr);
        if (todo == nullptr) {
          if (waiting_ == 0) return true;
          is_busy_ = false;
          return false;
        }
      }
      todo = in_order_asked(todo);
      Batch<Control> batch;
      while (todo != nullptr) {
        Part& part = *std::exchange(todo, todo->next);
        take_part(part, begin_again(part), batch);
        // A fetch that could not begin has ended, or a listener was told of something: who is told may destroy this.
        if (has_left()) {
          pass_on(todo);
          batch.pass_on();
          return false;
        }
      }
      run(std::move(batch));
    }
  }

  [[nodiscard]] Beginning begin_again(Part& part) noexcept {
    const Todo todo = std::exchange(part.todo, Todo::nothing);
    if (todo == Todo::lead) return Beginning::leading;
    if (todo == Todo::wait) return Beginning::joined;
    // Its fetch ended with no answer: the flight has its key still.
    const Reference<Flight> earlier = std::move(part.flight);
    TIERCACHE_TRY {
      return lookup_.ask(part.position, std::as_const(earlier->entry->key), part.flight);
    }
    TIERCACHE_CATCH_ALL {
      fail();
    }
    return Beginning::answered;
  }

  /// Waits for a part's flight, and leads it, as it began.
  void take_part(Part& part, Beginning beginning, Batch<Control>& batch) noexcept {
    if (beginning == Beginning::answered) return;
    const Reference<Flight> flight = part.flight;
    if (beginning == Beginning::refreshing) {
      part.flight = {};
    } else {
      this->add_owner();
      {
        const Lock lock(control_->lock());
        ++waiting_;
      }
      if (!control_->enqueue(*flight, part)) {
        this->remove_owner();
        const Lock lock(control_->lock());
        --waiting_;
        note(part, todo_after(*flight));
      }
    }
    if (beginning == Beginning::joined) return;
    TIERCACHE_TRY {
      batch.add(Ticket<Control>(flight));
    }
    TIERCACHE_CATCH_ALL {
      fail();
    }
  }

  /// Runs a fetch, up to its first suspension. It may end in here, or on another thread in the meantime.
  void run(Batch<Control> batch) noexcept {
    if (batch.is_empty()) return;
    OwnedRun made(nullptr);
    TIERCACHE_TRY {
      batch.prepare();
      if constexpr (Fetching::awaits) made = OwnedRun(new Run{Reference<BulkMiss>::share(*this), {}, {}, nullptr});
    }
    TIERCACHE_CATCH_ALL {
      batch.fail(std::current_exception());
      return batch.land();
    }
    const FetchScope scope(batch.id());
    if constexpr (Fetching::awaits) {
      made->batch = std::move(batch);
      run_driver(std::move(made));
    } else {
      TIERCACHE_TRY {
        batch.deliver(detail::call_bulk_fetcher<T, Fetcher>(fetcher(), batch.keys()));
      }
      TIERCACHE_CATCH_ALL {
        batch.fail(std::current_exception());
      }
      if constexpr (!Fetching::is_owned) leave_lead_if_left(batch);
      batch.land();
    }
  }
  void run_driver(OwnedRun made) noexcept {
    Run& run = *made.get();
    TIERCACHE_TRY {
      run.driver = detail::drive_bulk<OwnedRun>(&run).handle;
    }
    TIERCACHE_CATCH_ALL {
      run.batch.fail(std::current_exception());
      return run.batch.land();
    }
    const std::coroutine_handle<> driver = run.driver;
    static_cast<void>(made.release());
    {
      const Lock lock(control_->lock());
      starting_ = &run;
      if constexpr (!Fetching::is_owned) run.next = std::exchange(runs_, &run);
    }
    driver.resume();
    bool is_to_go = false;
    {
      const Lock lock(control_->lock());
      is_to_go = std::exchange(starting_, nullptr) != nullptr && has_left_ && !Fetching::is_owned;
    }
    if (is_to_go) driver.destroy();
  }

  void leave_lead_if_left(Batch<Control>& batch) noexcept {
    const Lock lock(control_->lock());
    if (has_left_) batch.leave_lead();
  }
  void fail() noexcept {
    if (!failure_) failure_ = std::current_exception();
  }
  [[nodiscard]] bool is_within_destruction() const noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
      if (parts_[i].flight && FetchScope::is_destroying(control_->id_of(*parts_[i].flight))) return true;
    }
    return false;
  }

  /// A fetch ends: nobody is to destroy it from here on.
  void forget(Run& ended) noexcept {
    const Lock lock(control_->lock());
    if (starting_ == &ended) starting_ = nullptr;
    for (Run** run = &runs_; *run != nullptr; run = &(*run)->next) {
      if (*run != &ended) continue;
      *run = ended.next;
      return;
    }
  }
  /// Returns one of the fetches that are suspended; null if there is none. Destroying it takes it off the list; one
  /// that is in its first part is destroyed by whoever started it.
  [[nodiscard]] Run* run_to_destroy() noexcept {
    const Lock lock(control_->lock());
    Run* run = runs_;
    while (run != nullptr && run == starting_) run = run->next;
    if (!Fetching::is_owned && starting_ != nullptr) starting_->batch.leave_lead();
    if (run != nullptr) run->batch.leave_lead();
    return run;
  }

  Lookup& lookup_;
  const Reference<Control> control_;
  Array<Part> parts_;
  const std::size_t count_;
  [[no_unique_address]] std::conditional_t<Fetching::is_owned, std::optional<Fetcher>, Nothing> fetcher_;
  std::coroutine_handle<> waiting_coroutine_;
  Reference<Relay> relay_;
  [[no_unique_address]] std::conditional_t<Store::Threading::can_block, Thread*, Nothing> thread_{};
  std::exception_ptr failure_;

  // Guarded by the tier's lock.

  /// How many parts are on the lists of their flights, or were just taken off.
  std::size_t waiting_ = 0;
  /// The parts that something is to be done about.
  Part* todo_ = nullptr;
  /// Whether somebody has the right to go on: from the beginning until the first one gives it up.
  bool is_busy_ = true;
  bool has_left_ = false;
  /// The fetches that this has to destroy when it leaves.
  Run* runs_ = nullptr;
  /// The one that runs its first part.
  Run* starting_ = nullptr;
  Reference<Relay> posted_;
};

}  // namespace tiercache::detail
