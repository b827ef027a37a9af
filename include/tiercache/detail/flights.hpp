// Flights: the fetches of one tier that are under way. It takes no lock and wakes nobody; detail/flight_control.hpp
// does.
#pragma once

#include <tiercache/detail/fetch_scope.hpp>
#include <tiercache/detail/flight.hpp>
#include <tiercache/detail/index.hpp>
#include <tiercache/detail/key.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/detail/slab.hpp>

#include <cstdint>
#include <utility>

namespace tiercache::detail {

/// The flights of a store, found by key while their epoch lasts. All calls but `give_back` want the store's lock.
template <class Control>
class Flights {
 public:
  using Flight = detail::Flight<Control>;

  /// Finds the flight of `key` in this epoch. Throws what the key's comparison throws.
  template <class K>
  [[nodiscard]] Flight* find(std::uint32_t hash, const K& key) const {
    return current_.find(hash, [&](Slot slot) -> Flight* {
      Flight& flight = slab_[slot];
      return flight.hash == hash && detail::is_key<typename Control::TierType>(flight.entry->key, key) ? &flight
                                                                                                       : nullptr;
    });
  }

  /// Returns a flight that is not open, with an entry that is to be filled. Throws `std::bad_alloc`.
  [[nodiscard]] Reference<Flight> take(Control& control, typename Control::OwnedEntry entry, std::uint32_t hash) {
    Flight& flight = slab_.take();
    flight.control = &control;
    flight.hash = hash;
    flight.entry = std::move(entry);
    return std::exchange(flight.is_new, false) ? Reference<Flight>::adopt(&flight) : Reference<Flight>::share(flight);
  }

  /// Makes sure that a flight can be opened. Throws `std::bad_alloc` and has changed nothing.
  void reserve(const Flight& flight) {
    constexpr auto at = [](const auto& slab, Slot slot) noexcept -> const Flight& { return slab[slot]; };
    current_.reserve(flight.hash,
                     HashOf(slab_, at, [](const auto&, const Flight& held) noexcept { return held.hash; }));
  }
  /// Opens a flight: from now on, who asks for its key finds it. Wants a `reserve` before.
  void open(Flight& flight, TimePoint time) noexcept {
    current_.link(flight.hash, flight.slot);
    flight.is_current = true;
    flight.is_open = true;
    flight.control->add_owner();
    name_anew(flight);
    flight.started_at = time;
    flight.is_starting = true;
    ++open_;
  }

  /// Has a flight stand for another fetch than before.
  void name_anew(Flight& flight) noexcept { flight.id = FetchId{flight.control, ++named_}; }

  /// Ends the epoch of a flight: nobody finds it any more, and its value is not stored.
  void supersede(Flight& flight) noexcept {
    current_.unlink(flight.hash, flight.slot);
    flight.is_current = false;
  }
  void supersede_all() noexcept {
    current_.for_each([this](Slot slot) { supersede(slab_[slot]); });
  }

  /// Notes that a flight is done.
  void finish(Flight& flight) noexcept {
    if (flight.is_current) supersede(flight);
    flight.is_done = true;
    --open_;
  }

  /// Takes back a flight that nobody refers to any more. Any thread may, without the lock.
  void give_back(Flight& flight) noexcept { slab_.give_back(flight); }

  /// How many are open and not done.
  [[nodiscard]] std::uint64_t size() const noexcept { return open_; }

 private:
  Slab<Flight, Control::Threading::can_block> slab_;
  Index current_;
  std::uint64_t open_ = 0;
  std::uint64_t named_ = 0;
};

}  // namespace tiercache::detail
