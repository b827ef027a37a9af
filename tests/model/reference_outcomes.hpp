// ReferenceOutcomes: a tier's Reference with what becomes of a fetch's outcome: it is stored, renews what is there, or
// is not stored. Who waits for it is in reference_fetches.hpp.
#pragma once

#include "caller.hpp"
#include "flight.hpp"
#include "happened.hpp"
#include "reference.hpp"
#include "reference_entries.hpp"
#include "trace.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <optional>

namespace model {

class ReferenceOutcomes : public Reference {
 public:
  using Reference::Reference;

  /// What the fetcher of a flight is to be shown of the entry that it is to replace; it is remembered.
  std::optional<Shown> show(Flight& flight) {
    const Held* const held = flight.is_current ? find(flight.key) : nullptr;
    flight.shown.reset();
    if (held == nullptr || !held->has_value()) return std::nullopt;
    flight.shown = *held;
    return Shown{held->value, held->weight, held->stored_at, ttl_of(*held)};
  }

  /// The cache is gone: nothing is stored any more.
  void close() {
    is_closed_ = true;
    Reference::close();
  }

 protected:
  [[nodiscard]] bool is_closed() const noexcept { return is_closed_; }

  /// Returns what a fetch comes to for those who wait.
  Answer complete(const Flight& flight, const Script& script, Wide now, const Seen& seen) {
    Answer outcome = script.outcome;
    std::optional<Ttl> own_ttl = script.own_ttl;
    const bool is_renewal = outcome.kind == Answer::Kind::unmodified && flight.shown;
    if (is_renewal) {
      outcome = {Answer::Kind::value, flight.shown->value};
      if (!own_ttl) own_ttl = flight.shown->own_ttl;
    }
    if (outcome.kind == Answer::Kind::unmodified) outcome = {Answer::Kind::refused};
    if (outcome.is_failure()) {
      ++counted_.fetch_failures;
      Held* const held = flight.is_current ? find_held(flight.key) : nullptr;
      if (held != nullptr && held->has_value()) {
        const Use use = use_of(*held, now);
        const bool spares_fresh = policy().stale_for != Ttl{} || policy().stale_if_error != Ttl{};
        if (use != Use::dead && (use != Use::fresh || spares_fresh)) {
          held->read_at = now;
          if (policy().retry_after != Ttl{}) held->retry_at = after(now, wide(policy().retry_after));
          outcome = {Answer::Kind::value, held->value};
        }
      }
    } else if (!flight.is_current || is_closed_) {
      ++counted_.superseded;
    } else if (outcome.kind == Answer::Kind::none && policy().not_found_ttl == Ttl{}) {
      drop_if([&](const Held& held) { return held.key == flight.key; }, RemovalCause::Expired, seen);
      return outcome;
    } else if (Held* const held = find_held(flight.key); held != nullptr && is_renewal) {
      happened.note(Fact::entry_renewed);
      renew(*held, flight.started_at, own_ttl, now);
    } else {
      if (is_renewal) happened.note(Fact::lost_entry_renewed);
      Held fresh{.key = flight.key};
      fresh.stored_at = flight.started_at;
      if (outcome.kind == Answer::Kind::value) {
        fresh.value = outcome.value;
        fresh.weight = is_renewal ? flight.shown->weight : script.weight;
        fresh.own_ttl = own_ttl;
        if (!is_renewal && script.stored_at && *script.stored_at != 0) {
          fresh.stored_at = (std::min)(*script.stored_at, flight.started_at);
        }
      }
      admit(fresh, now, seen);
      return outcome;
    }
    if (!is_closed_) expect_unchanged(seen);
    return outcome;
  }

 private:
  bool is_closed_ = false;
};

}  // namespace model
