// SPDX-License-Identifier: Apache-2.0
//
// Counting the items of a message and cutting it between them. A slice is a whole message again: the resource, scope
// and metric around its items are repeated, nothing is decoded, and the bytes of the items stay as they are. What holds
// no items (an empty scope, a metric without points) comes along only in a message around it that is in the slice
// whole. All messages must have passed check(); slicing others is safe but ends at the first damage.
#ifndef SLUICE_PLUGINS_WIRE_SPLIT_H
#define SLUICE_PLUGINS_WIRE_SPLIT_H

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "plugins/wire/reader.h"
#include "plugins/wire/schema.h"
#include "plugins/wire/signal.h"
#include "plugins/wire/writer.h"

namespace sluice::wire {

namespace detail {

/// What a field is to a cut: an item, a message with items inside, or part of the envelope that slices repeat.
enum class Part : uint8_t { envelope, item, container };
struct Cut {
  Part part = Part::envelope;
  Message message = Message::traces_data;
};

inline constexpr auto kCuts = [] {
  std::array<std::array<Cut, 17>, kMessageCount> all{};
  for (size_t i = 0; i < kMessageCount; ++i) {
    if (!holds_items(static_cast<Message>(i))) continue;
    for (const Field& field : kSchema[i].fields) {
      if (field.kind != Kind::message) continue;
      const Part part = is_item(field.message)       ? Part::item
                        : holds_items(field.message) ? Part::container
                                                     : Part::envelope;
      all[i][field.number] = {part, field.message};
    }
  }
  return all;
}();

inline Cut cut_of(Message message, const Cursor& field) noexcept {
  const auto& cuts = kCuts[static_cast<size_t>(message)];
  if (field.number() >= cuts.size() || !field.has(WireType::length)) return {};
  return cuts[field.number()];
}

inline uint64_t count_items(Message message, Bytes bytes) noexcept {
  uint64_t items = 0;
  for (Cursor field(bytes); field.next();) {
    const Cut cut = cut_of(message, field);
    if (cut.part == Part::item) ++items;
    if (cut.part == Part::container) items += count_items(cut.message, field.bytes());
  }
  return items;
}

/// Writes the slice of `bytes` that leaves out the first `skip` items and has the `take` after them, and counts both
/// down.
template <ByteBuffer Out>
void write_slice(Message message, Bytes bytes, uint64_t& skip, uint64_t& take, Writer<Out>& out) {
  for (Cursor field(bytes); field.next();) {
    const Cut cut = cut_of(message, field);
    if (cut.part == Part::envelope) {
      out.fields(field.field());
    } else if (cut.part == Part::item) {
      if (skip > 0) {
        --skip;
      } else if (take > 0) {
        --take;
        out.fields(field.field());
      }
    } else {
      if (take == 0) continue;
      const uint64_t items = count_items(cut.message, field.bytes());
      if (items <= skip) {
        skip -= items;
      } else if (skip == 0 && items <= take) {
        take -= items;
        out.fields(field.field());
      } else {
        const size_t body = out.begin_message(field.number(), field.bytes().size());
        write_slice(cut.message, field.bytes(), skip, take, out);
        out.end_message(body);
      }
    }
  }
}

/// Adds up the size of a slice item by item, until the limit.
class SliceSize {
 public:
  SliceSize(uint64_t skip, uint64_t limit) noexcept : skip_(skip), limit_(limit) {}

  uint64_t items(Message message, Bytes bytes) noexcept {
    levels_[0].body = look(message, bytes).envelope;
    walk(message, bytes, 0);
    return items_;
  }

 private:
  struct Level {
    uint64_t body = 0;    // bytes of the slice in this message so far
    uint64_t header = 0;  // of its tag
  };
  struct Content {
    uint64_t items = 0;
    uint64_t envelope = 0;
  };

  static Content look(Message message, Bytes bytes) noexcept {
    Content content;
    for (Cursor field(bytes); field.next();) {
      const Cut cut = cut_of(message, field);
      if (cut.part == Part::item) ++content.items;
      if (cut.part == Part::container) content.items += count_items(cut.message, field.bytes());
      if (cut.part == Part::envelope) content.envelope += field.field().size();
    }
    return content;
  }

  /// Returns false once the limit is met.
  bool walk(Message message, Bytes bytes, size_t depth) noexcept {
    for (Cursor field(bytes); field.next();) {
      const Cut cut = cut_of(message, field);
      if (cut.part == Part::item) {
        if (skip_ > 0) {
          --skip_;
          continue;
        }
        levels_[depth].body += field.field().size();
        if (total(depth) > limit_) return false;
        ++items_;
      } else if (cut.part == Part::container) {
        if (!walk_container(cut.message, field, depth)) return false;
      }
    }
    return true;
  }

  bool walk_container(Message message, const Cursor& field, size_t depth) noexcept {
    const Content content = look(message, field.bytes());
    if (content.items <= skip_) {
      skip_ -= content.items;
      return true;
    }
    const bool whole = skip_ == 0;
    const uint64_t before = items_;
    levels_[depth + 1] = {content.envelope, varint_size(make_tag(field.number(), WireType::length))};
    if (!walk(message, field.bytes(), depth + 1)) return false;
    // A message of which everything is taken is copied with its length as it was encoded, which may be padded.
    levels_[depth].body += whole ? field.field().size() : with_header(levels_[depth + 1], levels_[depth + 1].body);
    if (total(depth) > limit_) {
      items_ = std::max(before, items_ - 1);
      return false;
    }
    return true;
  }

  static uint64_t with_header(const Level& level, uint64_t body) noexcept {
    return level.header + varint_size(body) + body;
  }

  /// The size of the slice if it ended here.
  uint64_t total(size_t depth) const noexcept {
    uint64_t size = levels_[depth].body;
    while (depth > 0) {
      size = levels_[depth - 1].body + with_header(levels_[depth], size);
      --depth;
    }
    return size;
  }

  uint64_t skip_;
  uint64_t limit_;
  uint64_t items_ = 0;
  std::array<Level, 5> levels_{};  // the whole, resource, scope, metric, its data
};

}  // namespace detail

/// Spans, log records or data points in a message that passed check(), which counts them as well.
inline uint64_t count_items(Signal signal, Bytes message) noexcept {
  return detail::count_items(root(signal), message);
}

/// Appends to `out` the message with the `count` items from item `first` on.
template <ByteBuffer Out>
void append_slice(Signal signal, Bytes message, uint64_t first, uint64_t count, Out& out) {
  Writer writer(out);
  detail::write_slice(root(signal), message, first, count, writer);
}

/// How many items from item `first` on fit into a slice of at most `max_bytes`: 0 where not even one does.
inline uint64_t items_within(Signal signal, Bytes message, uint64_t first, uint64_t max_bytes) noexcept {
  return detail::SliceSize(first, max_bytes).items(root(signal), message);
}

}  // namespace sluice::wire

#endif  // SLUICE_PLUGINS_WIRE_SPLIT_H
