// The eviction policies, and the concept that a policy of the user's own satisfies. A policy only decides who goes; how
// many must go, and finding an entry by its key, are the business of detail/store.hpp and detail/entries.hpp.
#pragma once

#include <concepts>

namespace tiercache {

/// What the cache asks of a tier's `eviction`.
///
/// Every entry of the tier derives from the policy's `Node`, which holds what the policy wants to know of it. The
/// policy owns none: it is told of each. All calls come under the tier's lock, must not throw, and should take constant
/// time.
/// - `insert(node)`: the entry was stored.
/// - `hit(node)`: the entry answered a lookup.
/// - `erase(node)`: the entry leaves, for whatever reason.
/// - `victim()`: returns the entry that should go next; asked only when there is one.
template <class P>
concept EvictionPolicy = std::default_initializable<P> && std::default_initializable<typename P::Node> &&
                         requires(P policy, typename P::Node& node) {
                           { policy.insert(node) } noexcept;
                           { policy.hit(node) } noexcept;
                           { policy.erase(node) } noexcept;
                           { policy.victim() } noexcept -> std::same_as<typename P::Node&>;
                         };

namespace detail {

/// The links of an entry in an `OrderedList`. The tag tells the lists of one entry apart.
template <class Tag>
struct ListNode {
  ListNode* older = nullptr;
  ListNode* newer = nullptr;
};

/// A doubly linked list through its elements, from the oldest to the newest. Owns nothing.
template <class Tag>
class OrderedList {
 public:
  using Node = ListNode<Tag>;

  void push_newest(Node& node) noexcept {
    node.older = newest_;
    node.newer = nullptr;
    (newest_ != nullptr ? newest_->newer : oldest_) = &node;
    newest_ = &node;
  }

  void erase(Node& node) noexcept {
    (node.older != nullptr ? node.older->newer : oldest_) = node.newer;
    (node.newer != nullptr ? node.newer->older : newest_) = node.older;
    node.older = node.newer = nullptr;
  }

  [[nodiscard]] Node* oldest() const noexcept { return oldest_; }
  [[nodiscard]] Node* newest() const noexcept { return newest_; }

 private:
  Node* oldest_ = nullptr;
  Node* newest_ = nullptr;
};

}  // namespace detail

/// Evicts the entry that was written longest ago; storing under a key again makes its entry the newest. Reads change
/// nothing. With `TierPolicy::trim_to` it is the rule "over a hundred, keep the fifty newest".
class OldestFirst {
  using Order = detail::OrderedList<OldestFirst>;

 public:
  /// What the policy keeps in each entry.
  using Node = Order::Node;

  /// Makes `node` the newest.
  void insert(Node& node) noexcept { order_.push_newest(node); }
  /// Does nothing: reads do not matter.
  void hit(Node&) noexcept {}
  /// Forgets `node`.
  void erase(Node& node) noexcept { order_.erase(node); }
  /// Returns the one written longest ago.
  [[nodiscard]] Node& victim() noexcept { return *order_.oldest(); }

 private:
  Order order_;
};

/// Evicts the entry that was read or written longest ago.
class Lru {
  using Order = detail::OrderedList<Lru>;

 public:
  /// What the policy keeps in each entry.
  using Node = Order::Node;

  /// Makes `node` the most recently used.
  void insert(Node& node) noexcept { order_.push_newest(node); }
  /// Makes `node` the most recently used.
  void hit(Node& node) noexcept {
    if (order_.newest() == &node) return;
    order_.erase(node);
    order_.push_newest(node);
  }
  /// Forgets `node`.
  void erase(Node& node) noexcept { order_.erase(node); }
  /// Returns the least recently used.
  [[nodiscard]] Node& victim() noexcept { return *order_.oldest(); }

 private:
  Order order_;
};

}  // namespace tiercache
