// The index of one tier: finds a slot by its hash and key. It owns no entry, and knows nothing of lifetimes, bounds or
// who should go.
#pragma once

#include <tiercache/detail/array.hpp>
#include <tiercache/detail/bounds.hpp>
#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/slab.hpp>
#include <tiercache/detail/tags.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace tiercache::detail {

/// One cache line of an index: places for slots, and their tags.
struct alignas(64) IndexLine {
  Tags tags;
  Slot places[Tags::count] = {};
};

/// Tells the hash of a slot that is linked, by asking who knows. Not a template argument of what asks for it, which
/// would be compiled anew for every tier: it is asked only where a segment grows.
class HashOf {
 public:
  /// `at(owner, slot)` returns what is in a slot, and `hash(owner, element)` its hash; they capture nothing, and the
  /// owner outlives this.
  template <class Owner, class At, class Hash>
  HashOf(const Owner& owner, At, Hash) noexcept
      : owner_(&owner),
        hash_([](const void* its_owner, Slot slot) noexcept -> std::uint32_t {
          const Owner& from = *static_cast<const Owner*>(its_owner);
          return Hash{}(from, At{}(from, slot));
        }),
        prefetch_([](const void* its_owner, Slot slot) noexcept {
          TIERCACHE_PREFETCH(&At{}(*static_cast<const Owner*>(its_owner), slot));
        }) {}

  [[nodiscard]] std::uint32_t operator()(Slot slot) const noexcept { return hash_(owner_, slot); }
  /// Has the memory brought near that the hash of a slot is read from.
  void prefetch(Slot slot) const noexcept { prefetch_(owner_, slot); }

 private:
  const void* owner_;
  std::uint32_t (*hash_)(const void* owner, Slot slot) noexcept;
  void (*prefetch_)(const void* owner, Slot slot) noexcept;
};

/// Maps hashes of 32 well mixed bits to slots.
///
/// An extendible hash table (Fagin, Nievergelt, Pippenger, Strong 1979): a directory of segments. A segment is open
/// addressing over cache lines of twelve places; a line counts who found it full and went on, so that a look-up knows
/// where to stop (as in F14, Bronson and Shi 2019). A segment that is full grows or splits by itself: no insertion
/// moves more than some hundreds of slots, however many there are.
class Index {
 public:
  Index() = default;
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;
  ~Index() {
    for_each_segment([](const Segment& segment) { delete[] segment.lines; });
  }

  /// Returns `match(slot)` of the slot with this hash for which it is true; if there is none, what such a call would
  /// return by default. It is called for slots with other hashes too, now and then.
  template <class Match>
  [[nodiscard]] auto find(std::uint32_t hash, const Match& match) const -> decltype(match(Slot{})) {
    const Segment& segment = segments_[number_of(hash)];
    const std::uint8_t tag = Tags::tag_of(hash);
    std::uint32_t at = segment.home_of(hash);
    for (std::uint32_t probed = 1;; ++probed) {
      const IndexLine& line = segment.lines[at];
      for (unsigned matching = line.tags.matches(tag); matching != 0; matching &= matching - 1) {
        if (const auto found = match(line.places[Tags::first_of(matching)])) return found;
      }
      if (line.tags.passed == 0 || probed == segment.line_count) return {};
      at = segment.next(at);
    }
  }

  /// Has the memory brought near that will be needed for a hash.
  void prefetch(std::uint32_t hash) const noexcept {
    const Segment& segment = segments_[number_of(hash)];
    TIERCACHE_PREFETCH(&segment.lines[segment.home_of(hash)]);
  }

  /// Makes room for one more slot with this hash, so that the next `link` cannot fail. Throws `std::bad_alloc` and has
  /// changed nothing that shows.
  void reserve(std::uint32_t hash, const HashOf& hash_of) {
    if (!directory_) begin();
    while (segments_[first_number_of(hash)].is_full()) make_room(first_number_of(hash), hash_of);
  }

  void link(std::uint32_t hash, Slot slot) noexcept {
    Segment& segment = segments_[first_number_of(hash)];
    segment.link(hash, slot);
    ++segment.count;
    ++size_;
  }

  void unlink(std::uint32_t hash, Slot slot) noexcept {
    Segment& segment = segments_[first_number_of(hash)];
    const Place place = segment.place_of(hash, slot);
    place.line->tags.tags[place.number] = 0;
    for (std::uint32_t at = segment.home_of(hash); &segment.lines[at] != place.line; at = segment.next(at)) {
      --segment.lines[at].tags.passed;
    }
    --segment.count;
    --size_;
  }

  /// Puts a slot in the place of another one with the same hash.
  void replace(std::uint32_t hash, Slot held, Slot fresh) noexcept {
    const Place place = segments_[first_number_of(hash)].place_of(hash, held);
    place.line->places[place.number] = fresh;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Runs `visit(slot)` on every slot, in no order. It may unlink the slot that it is given.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for_each_segment([&visit](const Segment& segment) { segment.for_each(visit); });
  }

 private:
  static constexpr std::uint32_t most_lines = 64;
  static constexpr std::uint32_t most_depth = 18;

  struct Place {
    IndexLine* line;
    unsigned number;
  };

  // Of a hash, the lowest byte makes the tag, the bits above it choose the segment, and the highest ones the line.
  [[nodiscard]] static std::uint32_t segment_bits(std::uint32_t hash) noexcept { return hash >> 8; }

  struct Segment {
    IndexLine* lines = nullptr;
    std::uint32_t line_count = 0;
    /// How many slots it holds. Kept in the first of the directory's copies only.
    std::uint32_t count : 27 = 0;
    /// How many of the segment bits all its hashes have in common.
    std::uint32_t depth : 5 = 0;

    [[nodiscard]] bool is_full() const noexcept { return count >= line_count * Tags::count / 8 * 7; }
    [[nodiscard]] std::uint32_t home_of(std::uint32_t hash) const noexcept {
      return static_cast<std::uint32_t>(std::uint64_t{hash} * line_count >> 32);
    }
    [[nodiscard]] std::uint32_t next(std::uint32_t at) const noexcept { return at + 1 == line_count ? 0 : at + 1; }

    void link(std::uint32_t hash, Slot slot) const noexcept {
      std::uint32_t at = home_of(hash);
      unsigned free = lines[at].tags.free();
      while (free == 0) {
        ++lines[at].tags.passed;
        at = next(at);
        free = lines[at].tags.free();
      }
      const unsigned number = Tags::first_of(free);
      lines[at].tags.tags[number] = Tags::tag_of(hash);
      lines[at].places[number] = slot;
    }

    /// Finds a slot that is linked.
    [[nodiscard]] Place place_of(std::uint32_t hash, Slot slot) const noexcept {
      for (std::uint32_t at = home_of(hash);; at = next(at)) {
        IndexLine& line = lines[at];
        for (unsigned matching = line.tags.matches(Tags::tag_of(hash)); matching != 0; matching &= matching - 1) {
          const unsigned number = Tags::first_of(matching);
          if (line.places[number] == slot) return {&line, number};
        }
      }
    }

    template <class Visit>
    void for_each(const Visit& visit) const {
      for (std::uint32_t at = 0; at < line_count; ++at) {
        for (unsigned held = lines[at].tags.held(); held != 0; held &= held - 1) {
          visit(lines[at].places[Tags::first_of(held)]);
        }
      }
    }
  };

  [[nodiscard]] std::uint32_t number_of(std::uint32_t hash) const noexcept {
    return segment_bits(hash) & directory_mask_;
  }
  /// Returns the number of the first of a segment's copies in the directory.
  [[nodiscard]] std::uint32_t first_number_of(std::uint32_t hash) const noexcept {
    const std::uint32_t number = number_of(hash);
    return number & ((1U << segments_[number].depth) - 1);
  }

  template <class Visit>
  void for_each_segment(const Visit& visit) const {
    if (!directory_) return;
    for (std::uint32_t number = 0; number <= directory_mask_; ++number) {
      const Segment segment = segments_[number];
      if (number >> segment.depth == 0) visit(segment);
    }
  }

  void begin() {
    Array<Segment> segments(1);
    segments[0].lines = new IndexLine[1];
    segments[0].line_count = 1;
    use(std::move(segments));
  }

  /// Returns the smallest size of a segment, in lines, that is not full with `count` slots.
  [[nodiscard]] static std::uint32_t lines_for(std::uint32_t count) noexcept {
    // Steps of at most 1.5, so that little is left empty.
    std::uint32_t lines = 1;
    while (count >= lines * Tags::count / 8 * 7) {
      const bool is_power_of_two = (lines & (lines - 1)) == 0;
      lines = lines < 8 ? 2 * lines : is_power_of_two ? lines / 2 * 3 : lines / 3 * 4;
    }
    return lines;
  }

  void make_room(std::uint32_t number, const HashOf& hash_of) {
    const Segment segment = segments_[number];
    // Its hashes lie anywhere in memory: to wait for them one after the other would take most of the time.
    segment.for_each([&](Slot slot) { hash_of.prefetch(slot); });
    if (segment.line_count >= most_lines && segment.depth < most_depth) {
      std::uint32_t ones = 0;
      segment.for_each([&](Slot slot) { ones += segment_bits(hash_of(slot)) >> segment.depth & 1; });
      // A user's hash may be the same for all keys: what does not fall apart has to grow.
      const std::uint32_t most = larger(ones, segment.count - ones);
      if (most <= segment.count / 4 * 3) return split(number, segment.count - ones, ones, hash_of);
    }
    Segment larger = segment;
    larger.line_count = lines_for(segment.count);
    larger.lines = new IndexLine[larger.line_count];
    segment.for_each([&](Slot slot) { larger.link(hash_of(slot), slot); });
    put(number, larger);
    delete[] segment.lines;
  }

  void split(std::uint32_t number, std::uint32_t zeros, std::uint32_t ones, const HashOf& hash_of) {
    const Segment segment = segments_[number];
    if (1U << segment.depth > directory_mask_) double_directory();
    Segment halves[2];
    Array<IndexLine> lines[2];
    const std::uint32_t counts[2] = {zeros, ones};
    for (int half = 0; half < 2; ++half) {
      halves[half].depth = (segment.depth + 1) & 31U;
      halves[half].count = counts[half] & 0x7ff'ffff;
      halves[half].line_count = lines_for(counts[half]);
      lines[half] = Array<IndexLine>(halves[half].line_count);
      halves[half].lines = lines[half].get();
    }
    segment.for_each([&](Slot slot) {
      const std::uint32_t hash = hash_of(slot);
      halves[segment_bits(hash) >> segment.depth & 1].link(hash, slot);
    });
    put(number, halves[0]);
    put(number | 1U << segment.depth, halves[1]);
    lines[0].release();
    lines[1].release();
    delete[] segment.lines;
  }

  /// Puts a segment in all its places in the directory.
  void put(std::uint32_t first_number, const Segment& segment) noexcept {
    for (std::uint32_t number = first_number; number <= directory_mask_; number += 1U << segment.depth) {
      segments_[number] = segment;
    }
  }

  void double_directory() {
    const std::uint32_t size = directory_mask_ + 1;
    Array<Segment> segments(std::size_t{2} * size);
    for (std::uint32_t number = 0; number < 2 * size; ++number) segments[number] = segments_[number & directory_mask_];
    use(std::move(segments));
    directory_mask_ = 2 * size - 1;
  }

  void use(Array<Segment> segments) noexcept {
    directory_ = std::move(segments);
    segments_ = directory_.get();
  }

  // An empty index is looked up like any other: in one segment that is never written to.
  static constexpr IndexLine empty_line{};
  Segment empty_segment_{const_cast<IndexLine*>(&empty_line), 1};

  Array<Segment> directory_;
  Segment* segments_ = &empty_segment_;
  std::uint32_t directory_mask_ = 0;
  std::size_t size_ = 0;
};

}  // namespace tiercache::detail
