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

/// What the walk does with a field: the schema, reduced to four bytes.
enum class Action : uint8_t { unknown, varint, fixed64, fixed32, string, bytes, message, key_value, packed, varints };
struct Step {
  Action action = Action::unknown;
  uint8_t types = 0;  // one bit, of the usual wire type; none of an unknown field
  Message message = Message::traces_data;
  uint8_t once = 0;
};
constexpr uint8_t type_bit(WireType type) noexcept {
  return static_cast<uint8_t>(1U << static_cast<uint8_t>(type));
}
inline constexpr size_t kMaxFieldNumber = 16;
using Steps = std::array<Step, kMaxFieldNumber + 1>;

constexpr Steps make_steps(Message message) noexcept {
  Steps steps{};
  for (const Field& field : schema(message).fields) {
    const WireType type = wire_type(field.kind);
    Step& step = steps[field.number];
    step.types = type_bit(is_packed(field) ? WireType::length : type);
    step.message = field.message;
    step.once = field.once;
    if (is_packed(field)) {
      step.action = type == WireType::varint ? Action::varints : Action::packed;
    } else if (field.kind == Kind::message) {
      step.action = field.message == Message::key_value ? Action::key_value : Action::message;
    } else if (field.kind == Kind::string) {
      step.action = Action::string;
    } else {
      step.action = type == WireType::length    ? Action::bytes
                    : type == WireType::varint  ? Action::varint
                    : type == WireType::fixed64 ? Action::fixed64
                                                : Action::fixed32;
    }
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

/// The straight path: a KeyValue as nearly all are, at most 127 bytes, the key first, then one plain value, ASCII.
/// `p` is at its length. Returns its end, or null where it is of another shape and the walk has to look.
inline const uint8_t* pass_short_key_value(const uint8_t* p, const uint8_t* end) noexcept {
  if (end - p < 7) return nullptr;
  const size_t length = p[0];
  const size_t key = p[2];
  if (length >= 0x80 || length > static_cast<size_t>(end - p) - 1 || p[1] != 0x0a || key + 6 > length) return nullptr;
  const uint8_t* body = p + 1;
  const uint8_t* value = body + 2 + key;
  const size_t value_length = length - key - 4;
  if (value[0] != 0x12 || value[1] != value_length) return nullptr;
  value += 2;
  switch (value[0]) {
    case 0x0a:  // string_value; no tag or length here has its high bit set, so one look covers key and value
      if (value[1] != value_length - 2 || !is_ascii(body, length)) return nullptr;
      break;
    case 0x10:  // bool_value and int_value
    case 0x18: {
      if (value_length > 10 || body[length - 1] >= 0x80) return nullptr;
      for (size_t i = 1; i + 1 < value_length; ++i) {
        if (value[i] < 0x80) return nullptr;
      }
      if (!is_ascii(body + 2, key)) return nullptr;
      break;
    }
    case 0x21:  // double_value
      if (value_length != 9 || !is_ascii(body + 2, key)) return nullptr;
      break;
    default:
      return nullptr;
  }
  return body + length;
}

class Checker {
 public:
  explicit Checker(Bytes message) noexcept : begin_(message.data()) {}

  bool walk(Message type, const uint8_t* p, const uint8_t* end, int depth) noexcept {
    const Steps& steps = kSteps[static_cast<size_t>(type)];
    checked.items += kIsItem[static_cast<size_t>(type)];
    uint8_t seen = 0;
    while (p != end) {
      const uint8_t* start = p;
      uint32_t tag = *p;
      if (tag < 0x80 && tag >= 8) {
        ++p;
      } else {
        p = read_tag(p, end, tag);
        if (p == nullptr) return fail("damaged field number", type, 0, start);
      }
      const uint32_t number = tag >> 3;
      const auto wire = static_cast<WireType>(tag & 7);
      Step step = number <= kMaxFieldNumber ? steps[number] : Step{};
      if ((step.types & type_bit(wire)) == 0 && !adapt(step.action, wire))
        return fail("wrong wire type", type, number, start);
      if (step.once != 0) {
        if ((seen & step.once) != 0)
          return fail("a field that may be there only once is repeated", type, number, start);
        seen |= step.once;
      }

      size_t length = 0;
      switch (step.action) {
        case Action::varint: {
          uint64_t value = 0;
          p = read_varint(p, end, value);
          if (p == nullptr) return fail("damaged number", type, number, start);
          break;
        }
        case Action::fixed64:
          if (end - p < 8) return fail("cut short", type, number, start);
          p += 8;
          break;
        case Action::fixed32:
          if (end - p < 4) return fail("cut short", type, number, start);
          p += 4;
          break;
        case Action::key_value:
          if (const uint8_t* after = pass_short_key_value(p, end)) {
            p = after;
            break;
          }
          [[fallthrough]];
        case Action::message: {
          p = read_length(p, end, length);
          if (p == nullptr) return fail("length runs past the end", type, number, start);
          const int inner = depth + (step.message == Message::any_value);
          if (inner > kMaxValueDepth) return fail("values are nested too deeply", type, number, start);
          if (!walk(step.message, p, p + length, inner)) return false;
          p += length;
          break;
        }
        case Action::string:
          p = read_length(p, end, length);
          if (p == nullptr) return fail("length runs past the end", type, number, start);
          if (!is_utf8(p, length)) return fail("invalid UTF-8", type, number, start);
          p += length;
          break;
        case Action::bytes:
          p = read_length(p, end, length);
          if (p == nullptr) return fail("length runs past the end", type, number, start);
          p += length;
          break;
        case Action::packed:
          p = read_length(p, end, length);
          if (p == nullptr) return fail("length runs past the end", type, number, start);
          if (length % 8 != 0) return fail("packed numbers are cut short", type, number, start);
          p += length;
          break;
        case Action::varints: {
          p = read_length(p, end, length);
          if (p == nullptr) return fail("length runs past the end", type, number, start);
          for (const uint8_t* stop = p + length; p != stop;) {
            uint64_t value = 0;
            p = read_varint(p, stop, value);
            if (p == nullptr) return fail("damaged number", type, number, start);
          }
          break;
        }
        case Action::unknown:
          break;
      }
    }
    return true;
  }

  Checked checked;

 private:
  /// For a field whose wire type is not the usual one: an unknown field, or repeated numbers that are not packed.
  static bool adapt(Action& action, WireType wire) noexcept {
    if (action == Action::packed) {
      action = Action::fixed64;
      return wire == WireType::fixed64;
    }
    if (action == Action::varints) {
      action = Action::varint;
      return wire == WireType::varint;
    }
    if (action != Action::unknown) return false;
    switch (wire) {
      case WireType::varint:
        action = Action::varint;
        return true;
      case WireType::fixed64:
        action = Action::fixed64;
        return true;
      case WireType::fixed32:
        action = Action::fixed32;
        return true;
      case WireType::length:
        action = Action::bytes;
        return true;
      default:
        return false;
    }
  }

  bool fail(const char* error, Message type, uint32_t number, const uint8_t* at) noexcept {
    checked.error = error;
    checked.where = schema(type).name.data();
    checked.field = number;
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
