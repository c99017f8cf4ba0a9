// SPDX-License-Identifier: Apache-2.0
//
// The one walk over a whole message, made once when a batch is made. What passes is well-formed to its last field, so
// that messages can be merged by concatenation: one damaged message cannot spoil its neighbours.
//
// It takes what protobuf's parser takes, with these limits on top, each because receivers behind us differ there and a
// message that one of them refuses would take its neighbours along:
//  - a known field has its declared wire type (protobuf skips it as unknown, generated Go code refuses the message);
//  - no groups, which proto3 does not have; tags and varints that fit their 32 or 64 bits;
//  - one `resource`, one `scope` and one kind of metric data in their message (parsers merge or replace the others);
//  - values nest at most kMaxValueDepth deep.
#ifndef SLUICE_PLUGINS_WIRE_CHECK_H
#define SLUICE_PLUGINS_WIRE_CHECK_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "plugins/wire/reader.h"
#include "plugins/wire/schema.h"
#include "plugins/wire/signal.h"
#include "plugins/wire/utf8.h"

namespace sluice::wire {

/// AnyValues inside each other. Every protobuf parser has a limit of its own; the customary one of 100 nested messages
/// is met by 31 levels in an exemplar, the deepest place that has attributes.
inline constexpr int kMaxValueDepth = 31;

/// What check() found.
struct Checked {
  bool ok = false;
  uint64_t items = 0;           // spans, data points or log records
  const char* error = nullptr;  // what is wrong, a constant
  size_t offset = 0;            // of the field where it is
  const char* where = nullptr;  // the message type that has the field, such as "Span"
  uint32_t field = 0;           // its number, 0 if there is none to read

  /// "invalid UTF-8 in Span.name at byte 73"
  std::string describe() const;
};

namespace detail {

/// What the walk does at a tag: the schema, reduced to two bytes for each pair of field number and wire type.
enum class Action : uint8_t {
  wrong,  // a field with a wire type that it does not have, or a group
  varint,
  fixed64,
  fixed32,
  string,
  bytes,
  message,
  only,  // a message that may be there only once
  key_value,
  packed,   // numbers of eight bytes
  varints,  // packed numbers
};
struct Step {
  Action action = Action::wrong;
  Message message = Message::traces_data;
};
inline constexpr uint32_t kWireTypes = 8;
inline constexpr uint32_t kTags = make_tag(17, WireType::varint);  // above the known fields of every message
using Steps = std::array<Step, kTags>;

constexpr Action pass_over(WireType type) noexcept {
  switch (type) {
    case WireType::varint:
      return Action::varint;
    case WireType::fixed64:
      return Action::fixed64;
    case WireType::fixed32:
      return Action::fixed32;
    case WireType::length:
      return Action::bytes;
    default:
      return Action::wrong;
  }
}

constexpr Action action_of(const Field& field) noexcept {
  const WireType type = wire_type(field.kind);
  if (is_packed(field)) return type == WireType::varint ? Action::varints : Action::packed;
  if (field.kind == Kind::string) return Action::string;
  if (field.kind != Kind::message) return pass_over(type);
  if (field.message == Message::key_value) return Action::key_value;
  return field.once ? Action::only : Action::message;
}

constexpr Steps make_steps(Message message) noexcept {
  Steps steps{};
  // Those of number 0, which no tag has, stand for every field above the table.
  for (uint32_t tag = 0; tag < kTags; ++tag) steps[tag].action = pass_over(static_cast<WireType>(tag % kWireTypes));
  for (const Field& field : schema(message).fields) {
    for (uint32_t type = 0; type < kWireTypes; ++type) steps[field.number * kWireTypes + type] = {};
    const WireType type = wire_type(field.kind);
    if (is_packed(field)) steps[make_tag(field.number, type)] = {pass_over(type), {}};  // repeated, but one by one
    steps[make_tag(field.number, is_packed(field) ? WireType::length : type)] = {action_of(field), field.message};
  }
  return steps;
}

inline constexpr auto kSteps = [] {
  std::array<Steps, kMessageCount> all{};
  for (size_t i = 0; i < kMessageCount; ++i) all[i] = make_steps(static_cast<Message>(i));
  return all;
}();

inline constexpr auto kIsItem = [] {
  std::array<bool, kMessageCount> all{};
  for (size_t i = 0; i < kMessageCount; ++i) all[i] = is_item(static_cast<Message>(i));
  return all;
}();

/// What comes before the text in a KeyValue's `value` of `size` bytes, `size` above 1: its tag and `size`, then the tag
/// of the string_value that is all of it and `size - 2`. Four bytes, as they are loaded.
constexpr uint32_t text_header(uint32_t size) noexcept {
  return size * 0x01000100 + (0x000a0012U - 0x02000000U);
}
static_assert(text_header(7) == 0x050a0712);

/// Is a KeyValue's `value` of `size` bytes, `size` above 1, one number? `p` is at its tag.
inline bool is_number(const uint8_t* p, size_t size) noexcept {
  if (p[0] != 0x12 || p[1] != size) return false;
  const uint8_t* last = p + 1 + size;
  switch (p[2]) {
    case 0x10:  // bool_value and int_value
    case 0x18:
      for (const uint8_t* byte = p + 3; byte != last; ++byte) {
        if (*byte < 0x80) return false;
      }
      return size <= 10 && *last < 0x80;
    case 0x21:  // double_value
      return size == 9;
    default:
      return false;
  }
}

/// The straight path: a row of KeyValues as nearly all are, at most 127 bytes, the key first, then one plain value,
/// ASCII. `p` is at the tag of the first one. Returns the end of the last one, or where the walk has to look: at `p` if
/// the first one is of another shape.
inline const uint8_t* pass_short_key_values(const uint8_t* p, const uint8_t* end, uint32_t tag) noexcept {
  while (end - p >= 8 && p[0] == tag && p[2] == 0x0a) {
    const size_t size = size_t{2} + p[1];
    const size_t key = p[3];
    if (size > static_cast<size_t>(end - p) || key + 8 > size) break;
    const uint8_t* value = p + 4 + key;
    const size_t value_size = size - key - 6;
    // No tag or length on this path has its high bit set, so one look covers them, the key and the text.
    size_t ascii = size;
    if (load<uint32_t>(value) != text_header(static_cast<uint32_t>(value_size))) {
      if (!is_number(value, value_size)) break;
      ascii = key + 4;
    }
    if (!is_ascii(p, ascii)) break;
    p += size;
  }
  return p;
}

class Checker {
 public:
  explicit Checker(Bytes message) noexcept : begin_(message.data()) {}

  bool walk(Message type, const uint8_t* p, const uint8_t* end, int depth) noexcept {
    const Steps& steps = kSteps[static_cast<size_t>(type)];
    checked.items += kIsItem[static_cast<size_t>(type)];
    bool only_seen = false;
    while (p != end) {
      const uint8_t* start = p;
      uint32_t tag = 0;
      p = read_tag(p, end, tag);
      if (p == nullptr) return fail("damaged field number", type, 0, start);
      const Step step = steps[tag < kTags ? tag : tag % kWireTypes];

      size_t length = 0;
      switch (step.action) {
        case Action::varint: {
          uint64_t value = 0;
          p = read_varint(p, end, value);
          if (p == nullptr) return fail("damaged number", type, tag, start);
          break;
        }
        case Action::fixed64:
          if (end - p < 8) return fail("cut short", type, tag, start);
          p += 8;
          break;
        case Action::fixed32:
          if (end - p < 4) return fail("cut short", type, tag, start);
          p += 4;
          break;
        case Action::key_value:
          if (const uint8_t* after = pass_short_key_values(start, end, tag); after != start) {
            p = after;
            break;
          }
          [[fallthrough]];
        case Action::message:
        case Action::only: {
          if (step.action == Action::only) {
            if (only_seen) return fail("a field that may be there only once is repeated", type, tag, start);
            only_seen = true;
          }
          p = read_length(p, end, length);
          if (p == nullptr) return fail("length runs past the end", type, tag, start);
          const int inner = depth + (step.message == Message::any_value);
          if (inner > kMaxValueDepth) return fail("values are nested too deeply", type, tag, start);
          if (!walk(step.message, p, p + length, inner)) return false;
          p += length;
          break;
        }
        case Action::string:
          p = read_length(p, end, length);
          if (p == nullptr) return fail("length runs past the end", type, tag, start);
          if (!is_utf8(p, length)) return fail("invalid UTF-8", type, tag, start);
          p += length;
          break;
        case Action::bytes:
          p = read_length(p, end, length);
          if (p == nullptr) return fail("length runs past the end", type, tag, start);
          p += length;
          break;
        case Action::packed:
          p = read_length(p, end, length);
          if (p == nullptr) return fail("length runs past the end", type, tag, start);
          if (length % 8 != 0) return fail("packed numbers are cut short", type, tag, start);
          p += length;
          break;
        case Action::varints: {
          p = read_length(p, end, length);
          if (p == nullptr) return fail("length runs past the end", type, tag, start);
          if (is_ascii(p, length)) {  // each number is one byte
            p += length;
            break;
          }
          for (const uint8_t* stop = p + length; p != stop;) {
            uint64_t value = 0;
            p = read_varint(p, stop, value);
            if (p == nullptr) return fail("damaged number", type, tag, start);
          }
          break;
        }
        case Action::wrong:
          return fail("wrong wire type", type, tag, start);
      }
    }
    return true;
  }

  Checked checked;

 private:
  bool fail(const char* error, Message type, uint32_t tag, const uint8_t* at) noexcept {
    checked.error = error;
    checked.where = schema(type).name.data();
    checked.field = tag / kWireTypes;
    checked.offset = static_cast<size_t>(at - begin_);
    return false;
  }

  const uint8_t* begin_;
};

}  // namespace detail

inline Checked check(Signal signal, Bytes message) noexcept {
  detail::Checker checker(message);
  if (message.size() > kMaxMessageBytes) {
    checker.checked.error = "message of more than 2 GiB";
    return checker.checked;
  }
  checker.checked.ok = checker.walk(root(signal), message.data(), message.data() + message.size(), 0);
  return checker.checked;
}

inline std::string Checked::describe() const {
  if (error == nullptr) return {};
  std::string text = error;
  if (where != nullptr) {
    text.append(" in ").append(where);
    for (const MessageSchema& message : kSchema) {
      if (message.name.data() != where) continue;
      for (const Field& known : message.fields) {
        if (known.number == field) text.append(".").append(known.name);
      }
    }
  }
  return text.append(" at byte ").append(std::to_string(offset));
}

}  // namespace sluice::wire

#endif  // SLUICE_PLUGINS_WIRE_CHECK_H
