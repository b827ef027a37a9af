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
  FetchScope(Afresh, FetchId id) noexcept : id_(id), outer_(innermost_), is_outermost_(true) { innermost_ = this; }
  FetchScope(const FetchScope&) = delete;
  FetchScope& operator=(const FetchScope&) = delete;
  ~FetchScope() { innermost_ = outer_; }

  /// Returns the fetch that the calling thread is in the middle of, the innermost one.
  [[nodiscard]] static FetchId current() noexcept { return innermost_ != nullptr ? innermost_->id_ : FetchId{}; }

  /// Tells whether the calling thread is in the middle of the fetch `id`.
  [[nodiscard]] static bool is_within(FetchId id) noexcept {
    for (const FetchScope* scope = innermost_; scope != nullptr;
         scope = scope->is_outermost_ ? nullptr : scope->outer_) {
      if (scope->id_ == id) return true;
    }
    return false;
  }

 private:
  static inline constinit thread_local FetchScope* innermost_ = nullptr;

  FetchId id_;
  FetchScope* outer_;
  bool is_outermost_ = false;
};

}  // namespace tiercache::detail
