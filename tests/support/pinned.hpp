// Pinned: a Running whose promise has an executor, which is the queue that its coroutine takes first.
#pragma once

#include "answer.hpp"
#include "queue.hpp"
#include "running.hpp"

#include <utility>

namespace support {

/// An executor as Boost.Cobalt's promises have one.
class QueueExecutor {
 public:
  explicit QueueExecutor(Queue& queue) noexcept : queue_(&queue) {}
  template <class Function>
  void execute(Function function) const {
    queue_->post(std::move(function));
  }

 private:
  Queue* queue_;
};

template <class T>
class PinnedAnswer : public Answer<T> {
 public:
  template <class... Arguments>
  explicit PinnedAnswer(Queue& queue, const Arguments&...) noexcept : queue_(queue) {}

  [[nodiscard]] QueueExecutor get_executor() const noexcept { return QueueExecutor(queue_); }

 private:
  Queue& queue_;
};

template <class T>
using Pinned = Running<T, PinnedAnswer<T>>;

}  // namespace support
