// The index of one tier: finds a node by its hash and key. It owns no node, and knows nothing of lifetimes, bounds or
// who should go.
#pragma once

#include <cstddef>
#include <memory>

namespace tiercache::detail {

/// A hash table chained through its nodes. A `Node` has `hash`, mixed, and `next_in_bucket`.
template <class Node>
class Index {
 public:
  /// Finds the node with this hash for which `is_it(node)` holds.
  template <class IsIt>
  [[nodiscard]] Node* find(std::size_t hash, const IsIt& is_it) const {
    if (size_ == 0) return nullptr;
    for (Node* node = buckets_[hash & mask_]; node != nullptr; node = node->next_in_bucket) {
      if (node->hash == hash && is_it(*node)) return node;
    }
    return nullptr;
  }

  /// Makes room for one more node, so that the next `link` cannot fail. Throws `std::bad_alloc` and has changed
  /// nothing.
  void reserve_one() {
    if (buckets_ == nullptr) {
      resize(8);
    } else if (size_ > mask_) {
      resize(2 * (mask_ + 1));
    }
  }

  void link(Node& node) noexcept {
    push(node);
    ++size_;
  }

  void unlink(Node& node) noexcept {
    Node** slot = &buckets_[node.hash & mask_];
    while (*slot != &node) slot = &(*slot)->next_in_bucket;
    *slot = node.next_in_bucket;
    --size_;
  }

  /// Runs `visit(node)` on every node, in no order. It may unlink the node that it is given.
  template <class Visit>
  void for_each(const Visit& visit) {
    if (size_ == 0) return;
    for (std::size_t bucket = 0; bucket <= mask_; ++bucket) {
      for (Node* node = buckets_[bucket]; node != nullptr;) {
        Node* const next = node->next_in_bucket;
        visit(*node);
        node = next;
      }
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  void push(Node& node) noexcept {
    Node*& first = buckets_[node.hash & mask_];
    node.next_in_bucket = first;
    first = &node;
  }

  void resize(std::size_t bucket_count) {
    Index larger;
    larger.buckets_ = std::make_unique<Node*[]>(bucket_count);
    larger.mask_ = bucket_count - 1;
    for_each([&larger](Node& node) { larger.push(node); });
    buckets_ = std::move(larger.buckets_);
    mask_ = larger.mask_;
  }

  std::unique_ptr<Node*[]> buckets_;
  std::size_t mask_ = 0;
  std::size_t size_ = 0;
};

}  // namespace tiercache::detail
