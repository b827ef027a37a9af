// Relay: stands in a flight's list for a waiter whose coroutine is resumed by an executor. What an executor is, only
// the function that posts to it knows.
#pragma once

#include <tiercache/config.hpp>
#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/flight.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/detail/waiter.hpp>

#include <atomic>
#include <new>
#include <type_traits>
#include <utility>

namespace tiercache::detail {

/// Passes on, in a job that an executor runs, what it is told instead of its target; once. Shares in it have the
/// target, the list in which it stands, and the job.
///
/// If the target is gone when the job runs, nothing happens to it. If the executor refuses the job or drops it, the
/// target is told at once, where that happens: it is never left suspended.
template <class Control>
class Relay : public Waiter, public Counted<Relay<Control>, MultiThreaded::ReferenceCount> {
 public:
  /// What an executor runs: a function without arguments that can be copied, and does something when it is called for
  /// the first time.
  class Job {
   public:
    explicit Job(Relay& relay) noexcept : relay_(&relay) { relay_->jobs_.fetch_add(1, std::memory_order_relaxed); }
    Job(const Job& other) noexcept : relay_(other.relay_) {
      if (relay_ != nullptr) relay_->jobs_.fetch_add(1, std::memory_order_relaxed);
    }
    Job(Job&& other) noexcept : relay_(std::exchange(other.relay_, nullptr)) {}
    Job& operator=(Job other) noexcept {
      std::swap(relay_, other.relay_);
      return *this;
    }
    ~Job() {
      if (relay_ != nullptr && relay_->jobs_.fetch_sub(1, std::memory_order_acq_rel) == 1) relay_->end();
    }
    void operator()() const noexcept {
      if (relay_ != nullptr) relay_->run();
    }

   private:
    Relay* relay_;
  };

  Relay(Waiter& target, Reference<Flight<Control>> flight) noexcept : target_(target), flight_(std::move(flight)) {}

  void settled() noexcept override { pass(Message::settled); }
  void lead() noexcept override { pass(Message::lead); }
  void stopped() noexcept override { pass(Message::stopped); }

  /// The target leaves: it is told nothing from now on.
  void detach() noexcept { is_detached_.store(true, std::memory_order_release); }

  /// Returns one like this for `flight`, which was not told anything yet; nothing if there is no memory for it.
  [[nodiscard]] virtual Reference<Relay> again(const Reference<Flight<Control>>& flight) const noexcept = 0;

 protected:
  friend Counted<Relay, MultiThreaded::ReferenceCount>;
  virtual ~Relay() = default;

  virtual void post(Job job) = 0;

  Waiter& target_;
  const Reference<Flight<Control>> flight_;

 private:
  enum class Message : unsigned char { settled, lead, stopped };

  /// The share of the list becomes that of the job.
  void pass(Message message) noexcept {
    message_ = message;
    const auto share = Reference<Relay>::share(*this);  // the job may have run and gone before the post has ended
    Job job(*this);
    TIERCACHE_TRY {
      post(std::move(job));
    }
    TIERCACHE_CATCH_ALL {}
  }

  /// Runs when there is no job left: at the latest then the target is told.
  void end() noexcept {
    run();
    this->remove_owner();
  }

  void run() noexcept {
    if (has_run_.exchange(true, std::memory_order_acq_rel)) return;
    if (is_detached_.load(std::memory_order_acquire)) {
      if (message_ == Message::lead) Ticket<Control>(flight_).pass_on();
      return;
    }
    const FetchScope scope(FetchScope::Afresh{}, asked_within);
    switch (message_) {
      case Message::settled:
        return target_.settled();
      case Message::lead:
        return target_.lead();
      case Message::stopped:
        return target_.stopped();
    }
  }

  std::atomic<int> jobs_{0};
  std::atomic<bool> has_run_{false};
  std::atomic<bool> is_detached_{false};
  Message message_ = Message::settled;
};

/// A relay that posts by a function of the user's, which takes the job.
template <class Control, class Post>
class PostingRelay final : public Relay<Control> {
 public:
  template <class P>
  PostingRelay(Waiter& target, Reference<Flight<Control>> flight, P&& post)
      : Relay<Control>(target, std::move(flight)), post_(std::forward<P>(post)) {}

  [[nodiscard]] Reference<Relay<Control>> again(const Reference<Flight<Control>>& flight) const noexcept override {
    TIERCACHE_TRY {
      return Reference<Relay<Control>>::adopt(new PostingRelay(this->target_, flight, post_));
    }
    TIERCACHE_CATCH_ALL {}
    return {};
  }

 private:
  void post(typename Relay<Control>::Job job) override { post_(std::move(job)); }

  Post post_;
};

}  // namespace tiercache::detail
