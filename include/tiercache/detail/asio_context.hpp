// AsioContext: whether an execution context may still be asked to wake somebody. Who waits in it is not known here.
#pragma once

#include <tiercache/detail/asio_library.hpp>

#include <memory>
#include <mutex>

namespace tiercache::detail {

/// What outlives an execution context of its end: a fetch may land on another thread while the context is destroyed.
class AsioContext {
 public:
  /// Runs `use()`, unless the context has shut down; it does not shut down meanwhile. One at a time.
  template <class Use>
  void use(const Use& use) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!is_shut_down_) use();
  }
  /// Runs `change()` while nobody uses the context, shut down or not.
  template <class Change>
  void change(const Change& change) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    change();
  }

  void shut_down() noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_shut_down_ = true;
  }

 private:
  std::mutex mutex_;
  bool is_shut_down_ = false;
};

/// Tells an `AsioContext` that its context shuts down. Services do so in the opposite order of their making: this is to
/// be made after those that the waking uses.
class AsioService final : public net::execution_context::service {
 public:
  inline static net::execution_context::id id;

  explicit AsioService(net::execution_context& context)
      : net::execution_context::service(context), context_(std::make_shared<AsioContext>()) {}

  /// Returns what is known of a context.
  [[nodiscard]] static std::shared_ptr<AsioContext> of(net::execution_context& context) {
    return net::use_service<AsioService>(context).context_;
  }

 private:
  void shutdown() override { context_->shut_down(); }

  std::shared_ptr<AsioContext> context_;
};

}  // namespace tiercache::detail
