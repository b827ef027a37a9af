// The insides of a tier, checked against each other: the index, the slab, the eviction policy's lists, the weights and
// the TTLs kept aside. Only for files that are compiled with -fno-access-control (CMakeLists.txt).
#pragma once

#include <tiercache/tiercache.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

namespace support {

/// Tells of one tier what is not as it should be; null if all is. For a tier that nobody uses meanwhile.
template <class T, class Cache>
class Insides {
  using Slot = tiercache::detail::Slot;
  using Tags = tiercache::detail::Tags;

 public:
  explicit Insides(const Cache& cache)
      : store_(tiercache::detail::StoreOf<T>::in(cache)),
        contents_(store_.contents_),
        entries_(contents_.entries_),
        slab_(entries_.slab_) {}

  [[nodiscard]] const char* fault() {
    if (const char* fault = fault_of_slab()) return fault;
    if (const char* fault = fault_of_index()) return fault;
    if (const char* fault = fault_of_policy(entries_.eviction_)) return fault;
    return fault_of_flights();
  }

 private:
  const char* fault_of_slab() {
    std::size_t weight = 0;
    for (Slot slot = 0; slot < slab_.end(); ++slot) {
      auto& entry = slab_[slot];
      if (!entry.is_held) continue;
      held_.insert(slot);
      weight += entry.weight;
      if (!entry.has_key) return "an entry that is held has no key";
      if (entry.has_own_ttl() && contents_.lifetimes_.own_.find(slot) == nullptr) return "an own TTL is not kept";
      if (entries_.age(entry) > entries_.oldest_age) return "an age has wrapped";
    }
    if (weight != entries_.weight()) return "the weight is not the sum of the entries' weights";
    if (held_.size() != entries_.size()) return "not as many entries are held as the index counts";
    std::size_t unused = 0;
    for (auto* entry = first_unused(); entry != nullptr; entry = entry->next_unused(), ++unused) {
      if (entry->is_held || entry->has_key || entry->has_value()) return "an unused entry is in use";
      if (unused > slab_.end()) return "the list of unused entries has a cycle";
    }
    // Those that are done too: whoever is to be resumed by a job refers to one.
    std::size_t with_flights = 0;
    for (Slot slot = 0; slot < store_.flights_.slab_.end(); ++slot) {
      if (store_.flights_.slab_[slot].entry.get() != nullptr) ++with_flights;
    }
    if (unused + held_.size() + with_flights < slab_.end()) return "an entry is lost";
    return nullptr;
  }

  auto* first_unused() {
    using Entry = std::remove_reference_t<decltype(slab_[0])>;
    if constexpr (requires { slab_.unused_.first_.load(); }) {
      return static_cast<Entry*>(slab_.unused_.first_.load());
    } else {
      return static_cast<Entry*>(slab_.unused_.first_);
    }
  }

  const char* fault_of_index() {
    const auto& index = entries_.index_;
    std::set<Slot> linked;
    const char* fault = nullptr;
    std::size_t counted = 0;
    index.for_each_segment([&](const auto& segment) {
      counted += segment.count;
      std::size_t in_segment = 0;
      std::map<std::uint32_t, std::uint32_t> passed;
      for (std::uint32_t at = 0; at < segment.line_count; ++at) {
        const auto& line = segment.lines[at];
        for (unsigned place = 0; place < Tags::count; ++place) {
          if (line.tags.tags[place] == 0) continue;
          ++in_segment;
          const Slot slot = line.places[place];
          if (slot >= slab_.end() || !held_.contains(slot)) {
            fault = "the index has what is not held";
            return;
          }
          if (!linked.insert(slot).second) fault = "the index has an entry twice";
          const std::uint32_t hash = entries_.hash_of(slab_[slot]);
          if (line.tags.tags[place] != Tags::tag_of(hash)) fault = "a tag is not that of its entry";
          if (index.segments_[index.first_number_of(hash)].lines != segment.lines) {
            fault = "an entry is in another's segment";
          }
          for (std::uint32_t on = segment.home_of(hash); on != at; on = segment.next(on)) ++passed[on];
        }
      }
      for (std::uint32_t at = 0; at < segment.line_count; ++at) {
        if (segment.lines[at].tags.passed != passed[at]) fault = "a line has not counted who passed it";
      }
      if (in_segment != segment.count) fault = "a segment has not counted its entries";
    });
    if (fault != nullptr) return fault;
    if (linked != held_ || counted != index.size()) return "the index has not all that is held";
    for (const Slot slot : held_) {
      auto& entry = slab_[slot];
      if (entries_.find(entries_.hash_of(entry), entry.key).slot != slot) return "an entry is not found by its key";
    }
    return nullptr;
  }

  /// Walks a queue of the policy; adds what is in it to `queued_`.
  template <class Queue, class Check>
  const char* fault_of_queue(const Queue& queue, const Check& check) {
    std::size_t length = 0;
    Slot older = tiercache::detail::no_slot;
    for (Slot slot = queue.oldest(); slot != tiercache::detail::no_slot; slot = slab_[slot].newer) {
      if (!held_.contains(slot) || !queued_.insert(slot).second) return "a queue has what is not there, or twice";
      if (slab_[slot].older != older) return "a queue's links do not fit";
      if (!check(slab_[slot])) return "an entry is in another queue than it says";
      older = slot;
      ++length;
    }
    return length == queue.size() && older == queue.newest() ? nullptr : "a queue has another end or length";
  }

  const char* fault_of_policy(const tiercache::AdaptiveClock& policy) {
    std::size_t spent = 0;
    const auto in_window = [](const auto& node) { return node.is_main == 0 && node.counter.load() <= 3; };
    const auto in_main = [&spent](const auto& node) {
      spent += node.is_spent;
      return node.is_main == 1 && node.counter.load() <= 3;
    };
    if (const char* fault = fault_of_queue(policy.window_, in_window)) return fault;
    if (const char* fault = fault_of_queue(policy.main_, in_main)) return fault;
    if (queued_ != held_) return "the policy does not have all entries";
    if (spent != policy.spent_) return "the policy has miscounted who was turned away from";
    for (const Slot slot : {policy.doomed_, policy.newest_}) {
      if (slot != tiercache::detail::no_slot && !held_.contains(slot)) return "the policy remembers who is gone";
    }
    const bool is_within = policy.target_ >= policy.least_window_ && policy.target_ <= policy.most_window_;
    if (!is_within) return "the window's target is out of its bounds";
    return fault_of_sketch(policy.sketch_);
  }
  static const char* fault_of_sketch(const tiercache::detail::FrequencySketch& sketch) {
    if (!sketch.is_ready()) return nullptr;
    const std::size_t words = sketch.words_.size();
    if (sketch.line_words << sketch.line_bits_ != words) return "the sketch has other words than it has lines";
    const bool is_in_step = sketch.debt_ < sketch.period_ && sketch.halved_ < words && sketch.until_halving_ >= 0;
    return is_in_step ? nullptr : "the sketch has lost count of what it is to halve";
  }
  template <class Policy>
  const char* fault_of_policy(const Policy& policy) {
    if (const char* fault = fault_of_queue(policy.order_, [](const auto&) { return true; })) return fault;
    if constexpr (requires { policy.hand_; }) {
      if (policy.hand_ != tiercache::detail::no_slot && !held_.contains(policy.hand_)) return "the hand is nowhere";
    }
    return queued_ == held_ ? nullptr : "the policy does not have all entries";
  }

  const char* fault_of_flights() {
    const auto& flights = store_.flights_;
    const char* fault = nullptr;
    flights.current_.for_each([&](Slot slot) {
      const auto& flight = flights.slab_[slot];
      if (!flight.is_current || flight.is_done || !flight.is_open) fault = "a flight is current that is not open";
    });
    return flights.current_.size() <= flights.size() ? fault : "more flights are current than open";
  }

  std::remove_reference_t<decltype(tiercache::detail::StoreOf<T>::in(std::declval<const Cache&>()))>& store_;
  decltype(std::declval<decltype(store_)&>().contents_)& contents_;
  decltype(std::declval<decltype(contents_)&>().entries_)& entries_;
  decltype(std::declval<decltype(entries_)&>().slab_)& slab_;
  std::set<Slot> held_;
  std::set<Slot> queued_;
};

/// Tells what is not as it should be inside the tier `T`; null if all is.
template <class T, class Cache>
[[nodiscard]] const char* fault_inside(const Cache& cache) {
  return Insides<T, Cache>(cache).fault();
}

}  // namespace support
