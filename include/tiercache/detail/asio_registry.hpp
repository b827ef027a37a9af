// AsioRegistry: who waits for a fetch in an execution context, so that a context which is destroyed can destroy them
// too. What they wait for is not known here.
#pragma once

#include <tiercache/config.hpp>
#include <tiercache/detail/asio_library.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/detail/waiter.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>

namespace tiercache::detail {

/// A waiter whose handler the execution context may have to destroy before anybody wakes it.
///
/// Whoever takes it off its registry, under the registry's mutex, owns its handler: the one who wakes it, or the
/// context that shuts down.
class RegisteredWaiter : public Waiter, public Counted<RegisteredWaiter, MultiThreaded::ReferenceCount> {
 public:
  /// Leaves its flight and destroys its handler, and with it the coroutine that waits.
  virtual void destroy_handler() noexcept = 0;

 protected:
  friend Counted<RegisteredWaiter, MultiThreaded::ReferenceCount>;
  virtual ~RegisteredWaiter() = default;

 private:
  friend class AsioRegistry;
  RegisteredWaiter* previous_ = nullptr;
  RegisteredWaiter* next_ = nullptr;
  bool is_registered_ = false;
};

/// The waiters of one execution context. It outlives the context while there are waiters.
class AsioRegistry {
 public:
  /// Adds a waiter, with a share in it. Tells whether the context still lives.
  [[nodiscard]] bool add(RegisteredWaiter& waiter) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (is_shut_down_) return false;
    waiter.add_owner();
    waiter.next_ = first_;
    if (first_ != nullptr) first_->previous_ = &waiter;
    first_ = &waiter;
    waiter.is_registered_ = true;
    return true;
  }

  /// Takes a waiter off and, if it was there still, runs `post()` while the context cannot go away.
  template <class Post>
  void remove(RegisteredWaiter& waiter, const Post& post) noexcept {
    Reference<RegisteredWaiter> share;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!waiter.is_registered_) return;
      share = take(waiter);
      ++posting_;
    }
    // Not under the mutex: an executor may run or destroy the handler at once, and that may wake the next waiter.
    post();
    const std::lock_guard<std::mutex> lock(mutex_);
    if (--posting_ == 0) has_posted_.notify_all();
  }

  /// Destroys the handlers of all waiters, and waits until nobody else is posting one.
  void shut_down() noexcept {
    for (;;) {
      Reference<RegisteredWaiter> waiter;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        is_shut_down_ = true;
        if (first_ == nullptr) return has_posted_.wait(lock, [this] { return posting_ == 0; });
        waiter = take(*first_);
      }
      waiter->destroy_handler();
    }
  }

 private:
  [[nodiscard]] Reference<RegisteredWaiter> take(RegisteredWaiter& waiter) noexcept {
    (waiter.previous_ != nullptr ? waiter.previous_->next_ : first_) = waiter.next_;
    if (waiter.next_ != nullptr) waiter.next_->previous_ = waiter.previous_;
    waiter.is_registered_ = false;
    return Reference<RegisteredWaiter>::adopt(&waiter);
  }

  std::mutex mutex_;
  std::condition_variable has_posted_;
  RegisteredWaiter* first_ = nullptr;
  int posting_ = 0;
  bool is_shut_down_ = false;
};

/// Gives an execution context its registry, and has it shut down with the context.
class AsioService final : public net::execution_context::service {
 public:
  inline static net::execution_context::id id;

  explicit AsioService(net::execution_context& context)
      : net::execution_context::service(context), registry_(std::make_shared<AsioRegistry>()) {}

  [[nodiscard]] const std::shared_ptr<AsioRegistry>& registry() const noexcept { return registry_; }

 private:
  void shutdown() override { registry_->shut_down(); }

  std::shared_ptr<AsioRegistry> registry_;
};

}  // namespace tiercache::detail
