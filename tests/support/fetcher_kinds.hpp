// What the tests' fetchers return, each as a trait: a kind of fetcher. All end when, and how, a ManualFetch says.
#pragma once

#include "expected.hpp"
#include "manual_fetch.hpp"
#include "pinned.hpp"
#include "queue.hpp"
#include "running.hpp"
#include "task.hpp"
#include "wrapping_task.hpp"

#include <tiercache/cache_entry.hpp>
#include <tiercache/owned.hpp>

#include <coroutine>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace support {

using Event = ManualFetch<std::string>;

/// An awaiter that gives what the event was told as an `Answer`, from where `Resume` says.
template <class Answer, class Resume>
class Converting {
 public:
  explicit Converting(Event& event) noexcept : call_(event) {}
  bool await_ready() const noexcept { return call_.await_ready(); }
  auto await_suspend(std::coroutine_handle<> waiting) { return Resume::suspend(call_, waiting); }
  Answer await_resume() {
    answer_ = call_.await_resume();
    return Resume::template give<Answer>(answer_);
  }

 private:
  Event::Call call_;
  std::string answer_;
};

struct Plainly {
  static void suspend(Event::Call& call, std::coroutine_handle<> waiting) { call.await_suspend(waiting); }
  template <class Answer>
  static Answer give(std::string& answer) {
    return static_cast<Answer>(answer);
  }
};
struct ByBool : Plainly {
  static bool suspend(Event::Call& call, std::coroutine_handle<> waiting) {
    call.await_suspend(waiting);
    return true;
  }
};
struct ByHandle : Plainly {
  static std::coroutine_handle<> suspend(Event::Call& call, std::coroutine_handle<> waiting) {
    call.await_suspend(waiting);
    return std::noop_coroutine();
  }
};
struct AsCharacters : Plainly {
  template <class Answer>
  static Answer give(std::string& answer) {
    return answer.c_str();
  }
};
struct AsEntry : Plainly {
  template <class Answer>
  static Answer give(std::string& answer) {
    return Answer{.value = std::move(answer)};
  }
};

/// Something that is no string and becomes one.
class Text {
 public:
  explicit Text(std::string text) : text_(std::move(text)) {}
  operator std::string() && { return std::move(text_); }

 private:
  std::string text_;
};

/// Is awaited by an operator that is no member.
struct FreeAwaitable {
  explicit FreeAwaitable(Event& its_event) noexcept : event(its_event) {}
  Event& event;
};
inline Event::Call operator co_await(const FreeAwaitable& awaitable) {
  return awaitable.event();
}

/// Is awaited by a member, as a temporary, and can only be moved.
class MoveOnlyAwaitable {
 public:
  explicit MoveOnlyAwaitable(Event& event) : event_(std::make_unique<Event*>(&event)) {}
  Event::Call operator co_await() && { return (**std::exchange(event_, nullptr))(); }

 private:
  std::unique_ptr<Event*> event_;
};

/// Is awaited by a member, by its name, as often as one likes.
class SharedAwaitable {
 public:
  explicit SharedAwaitable(Event& event) noexcept : event_(event) {}
  SharedAwaitable(const SharedAwaitable&) = delete;
  SharedAwaitable& operator=(const SharedAwaitable&) = delete;
  Event::Call operator co_await() & { return event_(); }

 private:
  Event& event_;
};

template <class Coroutine>
Coroutine fetch_by(Queue&, Event& event) {
  std::string answer = co_await event();
  co_return answer;
}

/// What the fetchers of one test are made from.
struct Source {
  Queue queue;
  Event event;
  SharedAwaitable shared{event};
};

// Of each: how one is made; and whether it belongs to the cache.

template <class Awaitable>
struct AwaitableKind {
  static constexpr bool is_owned = false;
  static auto make(Source& source) {
    return [&source] { return Awaitable(source.event); };
  }
};
template <class Coroutine>
struct CoroutineKind {
  static constexpr bool is_owned = false;
  static auto make(Source& source) {
    return [&source](const std::string&) { return support::fetch_by<Coroutine>(source.queue, source.event); };
  }
};
template <class Kind>
struct OwnedKind {
  static constexpr bool is_owned = true;
  static auto make(Source& source) {
    auto fetch = Kind::make(source);
    return tiercache::owned(fetch);
  }
};

struct AwaiterFetcher : AwaitableKind<Event::Call> {
  static constexpr const char* name = "a plain awaiter";
};
struct BoolFetcher : AwaitableKind<Converting<std::string, ByBool>> {
  static constexpr const char* name = "an awaiter whose await_suspend returns a bool";
};
struct HandleFetcher : AwaitableKind<Converting<std::string, ByHandle>> {
  static constexpr const char* name = "an awaiter whose await_suspend returns a handle";
};
struct FreeFetcher : AwaitableKind<FreeAwaitable> {
  static constexpr const char* name = "what has a free operator co_await";
};
struct MoveOnlyFetcher : AwaitableKind<MoveOnlyAwaitable> {
  static constexpr const char* name = "what can only be moved, with a member operator co_await";
};
struct ReferenceFetcher {
  static constexpr const char* name = "a reference to an awaitable";
  static constexpr bool is_owned = false;
  static auto make(Source& source) {
    return [&source]() -> SharedAwaitable& { return source.shared; };
  }
};
struct ConstReferenceAnswer : AwaitableKind<Converting<const std::string&, Plainly>> {
  static constexpr const char* name = "what gives a const reference";
};
struct ReferenceAnswer : AwaitableKind<Converting<std::string&, Plainly>> {
  static constexpr const char* name = "what gives a reference";
};
struct RvalueReferenceAnswer : AwaitableKind<Converting<std::string&&, Plainly>> {
  static constexpr const char* name = "what gives a reference to move from";
};
struct CharactersAnswer : AwaitableKind<Converting<const char*, AsCharacters>> {
  static constexpr const char* name = "what gives characters";
};
struct TextAnswer : AwaitableKind<Converting<Text, Plainly>> {
  static constexpr const char* name = "what gives something that converts";
};
struct EntryAnswer : AwaitableKind<Converting<tiercache::CacheEntry<std::string>, AsEntry>> {
  static constexpr const char* name = "what gives an entry";
};
struct OptionalAnswer : AwaitableKind<Converting<std::optional<std::string>, Plainly>> {
  static constexpr const char* name = "what gives an optional";
};
struct EagerFetcher : CoroutineKind<Running<std::string>> {
  static constexpr const char* name = "a task that starts at once";
};
struct LazyFetcher : CoroutineKind<Task<std::string>> {
  static constexpr const char* name = "a lazy task";
};
struct PinnedFetcher : CoroutineKind<Pinned<std::string>> {
  static constexpr const char* name = "a task whose promise has an executor";
};
struct RunFetcher : CoroutineKind<WrappingTask<std::string, ByViaIfAsync>> {
  static constexpr const char* name = "a task with a fetch_runner that can take it back";
};
struct OwnedRunFetcher : OwnedKind<CoroutineKind<WrappingTask<std::string, ByCoAwait>>> {
  static constexpr const char* name = "a task with a fetch_runner, owned";
};
struct OwnedLazyFetcher : OwnedKind<LazyFetcher> {
  static constexpr const char* name = "a lazy task, owned";
};
struct OwnedAwaiterFetcher : OwnedKind<AwaiterFetcher> {
  static constexpr const char* name = "a plain awaiter, owned";
};

}  // namespace support
