// Modifiers: what a lookup was asked to do otherwise than others. Each costs nothing where it was not asked for. What
// they mean to users is said in lookup.hpp.
#pragma once

#include <tiercache/ttl.hpp>

#include <stop_token>
#include <type_traits>
#include <utility>

namespace tiercache::detail {

/// Takes entries of any age.
struct AnyAge {
  [[nodiscard]] static constexpr bool allows(TimePoint, TimePoint) noexcept { return true; }
};
/// Takes entries that are younger than a length of time.
struct MaxAge {
  Ttl most;
  [[nodiscard]] bool allows(TimePoint stored_at, TimePoint now) const noexcept {
    return detail::is_alive(now, stored_at, most.duration());
  }
};

/// Waits for as long as it takes.
struct Unstoppable {};
/// Waits until it is told to stop.
struct StopOn {
  std::stop_token token;
};

/// Resumes where the fetch ended.
struct Inline {};

/// The age of what is taken for an answer, when to stop waiting, and how to resume. `Post` is a reference where the
/// caller keeps it.
template <class Age = AnyAge, class Stop = Unstoppable, class Post = Inline>
struct Modifiers {
  static constexpr bool can_stop = std::is_same_v<Stop, StopOn>;
  static constexpr bool posts = !std::is_same_v<Post, Inline>;
  using PostType = Post;

  [[no_unique_address]] Age age;
  [[no_unique_address]] Stop stop;
  [[no_unique_address]] Post post;

  Modifiers<MaxAge, Stop, Post> with_max_age(Ttl most) && {
    return {{most}, std::move(stop), std::forward<Post>(post)};
  }
  Modifiers<Age, StopOn, Post> with_stop(std::stop_token token) && {
    return {age, {std::move(token)}, std::forward<Post>(post)};
  }
  template <class P>
  Modifiers<Age, Stop, P> with_post(P&& its_post) && {
    return {age, std::move(stop), std::forward<P>(its_post)};
  }
};

}  // namespace tiercache::detail
