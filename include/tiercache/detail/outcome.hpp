// Outcome: what a fetch came to, as everybody who waits for it sees it. Which answer of a fetcher means what is decided
// in fetcher.hpp.
#pragma once

#include <tiercache/ttl.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace tiercache::detail {

/// The address of `type_tag<T>` stands for the type `T`, also where there is no RTTI.
template <class T>
inline constexpr char type_tag = 0;

/// What a fetch came to: a value, "there is none", an exception, or an error that is no exception. It stays pending if
/// whoever ran the fetch has left and nobody was there to run another. "Not modified" is made a value before others see
/// it.
///
/// Written by whoever runs the fetch; once the fetch is done it does not change, and many may read it.
template <class Value>
class Outcome {
 public:
  enum class Kind : unsigned char { pending, value, not_found, not_modified, exception, error };

  Outcome() noexcept = default;
  Outcome(const Outcome&) = delete;
  Outcome& operator=(const Outcome&) = delete;
  ~Outcome() { delete error_; }

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_failure() const noexcept { return kind_ == Kind::exception || kind_ == Kind::error; }

  /// Sets the value, with the TTL and the time that its fetcher gave it, if any.
  template <class V>
  void set_value(V&& value, std::optional<Ttl> own_ttl = {}, TimePoint stored_at = {}) {
    value_.emplace(std::forward<V>(value));
    own_ttl_ = own_ttl;
    stored_at_ = stored_at;
    kind_ = Kind::value;
  }
  void set_not_found() noexcept { kind_ = Kind::not_found; }
  void set_not_modified(std::optional<Ttl> own_ttl) noexcept {
    own_ttl_ = own_ttl;
    kind_ = Kind::not_modified;
  }
  void set_exception(std::exception_ptr exception) noexcept {
    exception_ = std::move(exception);
    kind_ = Kind::exception;
  }
  /// Sets an error that `result`, an expected-like object, holds.
  template <class R>
  void set_error(R&& result) {
    using Result = std::remove_cvref_t<R>;
    error_ = new HeldError<Result>(std::forward<R>(result));
    kind_ = Kind::error;
  }

  /// Has a failure be a value to all who see it. It is kept until the end: what it holds is not destroyed here.
  void spare(const Value& value) {
    if (value_) return;
    value_.emplace(value);
    kind_ = Kind::value;
  }

  /// Forgets what it came to.
  void reset() noexcept {
    kind_ = Kind::pending;
    value_.reset();
    own_ttl_.reset();
    stored_at_ = {};
    exception_ = nullptr;
    delete std::exchange(error_, nullptr);
  }

  [[nodiscard]] const Value& value() const noexcept { return *value_; }
  [[nodiscard]] const std::optional<Ttl>& own_ttl() const noexcept { return own_ttl_; }
  [[nodiscard]] TimePoint stored_at() const noexcept { return stored_at_; }
  [[nodiscard]] const std::exception_ptr& exception() const noexcept { return exception_; }
  /// Returns the expected-like object with the error, if it is of type `Result`.
  template <class Result>
  [[nodiscard]] const Result* error() const noexcept {
    if (kind_ != Kind::error || error_->type != &type_tag<Result>) return nullptr;
    return &static_cast<const HeldError<Result>&>(*error_).result;
  }

 private:
  struct AnyError {
    explicit AnyError(const char* its_type) noexcept : type(its_type) {}
    AnyError(const AnyError&) = delete;
    AnyError& operator=(const AnyError&) = delete;
    virtual ~AnyError() = default;
    const char* type;
  };
  template <class Result>
  struct HeldError final : AnyError {
    template <class R>
    explicit HeldError(R&& its_result) : AnyError(&type_tag<Result>), result(std::forward<R>(its_result)) {}
    Result result;
  };

  std::optional<Value> value_;
  std::optional<Ttl> own_ttl_;
  TimePoint stored_at_{};
  std::exception_ptr exception_;
  AnyError* error_ = nullptr;
  Kind kind_ = Kind::pending;
};

}  // namespace tiercache::detail
