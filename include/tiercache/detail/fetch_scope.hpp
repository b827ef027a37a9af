// FetchScope: which fetches the calling thread is in the middle of. It is how a fetch that asks for its own key is told
// from somebody else who asks for it.
#pragma once

#include <cstdint>

namespace tiercache::detail {

/// Tells one fetch from every other. A default one stands for no fetch.
struct FetchId {
  const void* tier = nullptr;
  std::uint64_t number = 0;

  friend bool operator==(const FetchId&, const FetchId&) noexcept = default;
};

/// Marks, while it lives, that the calling thread runs a fetch.
///
/// What the fetch calls, and the coroutines that it runs into, are inside it. One with a default id begins afresh:
/// whatever the thread was in the middle of is none of the business of the coroutine that is resumed under it.
class FetchScope {
 public:
  explicit FetchScope(FetchId id) noexcept : id_(id), outer_(innermost_) { innermost_ = this; }
  /// Marks that the thread goes on with what waited within the fetch `id`.
  struct Afresh {};
  FetchScope(Afresh, FetchId id) noexcept : id_(id), outer_(innermost_), kind_(Kind::afresh) { innermost_ = this; }
  /// Marks that the thread destroys the fetch `id`, which the next one who waits is to run.
  struct Destroying {};
  FetchScope(Destroying, FetchId id) noexcept : id_(id), outer_(innermost_), kind_(Kind::destroying) {
    innermost_ = this;
  }
  FetchScope(const FetchScope&) = delete;
  FetchScope& operator=(const FetchScope&) = delete;
  ~FetchScope() { innermost_ = outer_; }

  /// Returns the fetch that the calling thread is in the middle of, the innermost one.
  [[nodiscard]] static FetchId current() noexcept {
    return innermost_ != nullptr && innermost_->kind_ != Kind::destroying ? innermost_->id_ : FetchId{};
  }

  /// Returns what tells the calling thread from all others that are running.
  [[nodiscard]] static const void* thread() noexcept { return static_cast<const void*>(&innermost_); }

  /// Tells whether the calling thread is in the middle of the fetch `id`.
  [[nodiscard]] static bool is_within(FetchId id) noexcept {
    for (const FetchScope* scope = innermost_; scope != nullptr; scope = scope->outer_) {
      if (scope->kind_ != Kind::destroying && scope->id_ == id) return true;
      if (scope->kind_ == Kind::afresh) return false;
    }
    return false;
  }

  /// Tells whether the calling thread is about to destroy the fetch `id`: it cannot wait for that.
  [[nodiscard]] static bool is_destroying(FetchId id) noexcept {
    for (const FetchScope* scope = innermost_; scope != nullptr; scope = scope->outer_) {
      if (scope->kind_ == Kind::destroying && scope->id_ == id) return true;
    }
    return false;
  }

 private:
  enum class Kind : unsigned char { running, afresh, destroying };

  static inline constinit thread_local FetchScope* innermost_ = nullptr;

  FetchId id_;
  FetchScope* outer_;
  Kind kind_ = Kind::running;
};

}  // namespace tiercache::detail
