// SPDX-License-Identifier: Apache-2.0
//
// Protobuf to JSON: one pass over the fields of a message notes where each is, then they are written in the order of
// the schema, so that the runs of a repeated field become one array wherever they are.
#include <array>
#include <bit>
#include <charconv>
#include <cmath>

#include "plugins/formats/otlp_json/json_names.h"
#include "plugins/formats/otlp_json/json_text.h"
#include "plugins/formats/otlp_json/otlp_json.h"
#include "plugins/wire/reader.h"

namespace sluice::formats {
namespace {

using wire::Bytes;
using wire::Cursor;
using wire::Field;
using wire::Kind;
using wire::Message;
using wire::Rule;
using wire::WireType;

/// More than a checked message can have; without it, bytes that were not checked could exhaust the stack.
constexpr int kMaxNesting = 100;

/// Where a field is: the last one, and the part of the message that has all of its occurrences.
struct Found {
  const uint8_t* first = nullptr;
  Cursor last;
};

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) noexcept : out_(out) {}

  bool message(Message type, Bytes bytes, int nesting = 0) {
    out_.push_back('{');
    bool comma = false;
    if (!fields(type, bytes, nesting, comma)) return false;
    out_.push_back('}');
    return true;
  }

 private:
  bool fields(Message type, Bytes bytes, int nesting, bool& comma) {
    if (nesting > kMaxNesting) return false;
    std::array<Found, 17> found{};
    uint32_t oneof = 0;  // of the members of a oneof the last one counts
    Cursor cursor(bytes);
    while (cursor.next()) {
      if (cursor.number() >= found.size()) continue;
      const Field* field = wire::find_field(type, cursor.number());
      if (field == nullptr || !has_right_type(*field, cursor)) continue;
      Found& here = found[field->number];
      if (here.first == nullptr) here.first = cursor.field().data();
      here.last = cursor;
      if (field->rule == Rule::oneof) oneof = field->number;
    }
    if (!cursor.ok()) return false;
    for (const Field& field : wire::schema(type).fields) {
      const Found& here = found[field.number];
      if (here.first == nullptr || (field.rule == Rule::oneof && field.number != oneof)) continue;
      if (field.rule == Rule::singular && is_zero(field, here.last)) continue;
      if (comma) out_.push_back(',');
      comma = true;
      out_.push_back('"');
      out_.append(json_name(type, field)).append("\":");
      if (field.rule == Rule::repeated) {
        const uint8_t* end = here.last.field().data() + here.last.field().size();
        if (!array(field, {here.first, end}, nesting)) return false;
      } else {
        if (!value(field, here.last.value(), here.last.bytes(), nesting)) return false;
      }
    }
    return true;
  }

  static bool has_right_type(const Field& field, const Cursor& cursor) noexcept {
    return cursor.has(wire::wire_type(field.kind)) || (wire::is_packed(field) && cursor.has(WireType::length));
  }

  static bool is_zero(const Field& field, const Cursor& cursor) noexcept {
    if (wire::wire_type(field.kind) != WireType::length) return cursor.value() == 0;
    const bool has_presence = field.kind == Kind::message || field.kind == Kind::duration;
    return !has_presence && cursor.bytes().empty();
  }

  bool array(const Field& field, Bytes range, int nesting) {
    out_.push_back('[');
    bool comma = false;
    const auto separate = [&] {
      if (comma) out_.push_back(',');
      comma = true;
    };
    for (Cursor cursor(range); cursor.next();) {
      if (cursor.number() != field.number || !has_right_type(field, cursor)) continue;
      if (!wire::is_packed(field) || !cursor.has(WireType::length)) {
        separate();
        if (!value(field, cursor.value(), cursor.bytes(), nesting)) return false;
        continue;
      }
      const uint8_t* p = cursor.bytes().data();
      const uint8_t* end = p + cursor.bytes().size();
      while (p != end) {
        uint64_t number = 0;
        if (wire::wire_type(field.kind) == WireType::varint) {
          p = wire::read_varint(p, end, number);
          if (p == nullptr) return false;
        } else {
          if (end - p < 8) return false;
          number = wire::load<uint64_t>(p);
          p += 8;
        }
        separate();
        if (!value(field, number, {}, nesting)) return false;
      }
    }
    out_.push_back(']');
    return true;
  }

  bool value(const Field& field, uint64_t number, Bytes bytes, int nesting) {
    switch (field.kind) {
      case Kind::boolean:
        out_.append(number != 0 ? "true" : "false");
        break;
      case Kind::int32:
      case Kind::enumeration:
        append_number(static_cast<int32_t>(number));
        break;
      case Kind::uint32:
      case Kind::fixed32:
        append_number(static_cast<uint32_t>(number));
        break;
      case Kind::sint32:
        append_number(wire::unzigzag(static_cast<uint32_t>(number)));
        break;
      case Kind::int64:
      case Kind::sfixed64:
        append_quoted_number(static_cast<int64_t>(number));
        break;
      case Kind::uint64:
      case Kind::fixed64:
        append_quoted_number(number);
        break;
      case Kind::float64:
        append_double(std::bit_cast<double>(number));
        break;
      case Kind::string:
        append_json_string(out_, wire::to_text(bytes));
        break;
      case Kind::bytes:
        out_.push_back('"');
        append_base64(out_, bytes);
        out_.push_back('"');
        break;
      case Kind::id:
        out_.push_back('"');
        append_hex(out_, bytes);
        out_.push_back('"');
        break;
      case Kind::message:
        return message(field.message, bytes, nesting + 1);
      case Kind::duration:
        return duration(bytes);
      case Kind::any:
        return any(bytes, nesting + 1);
    }
    return true;
  }

  template <typename T>
  void append_number(T number) {
    char digits[32];
    const auto result = std::to_chars(digits, digits + sizeof digits, number);
    out_.append(digits, result.ptr);
  }
  template <typename T>
  void append_quoted_number(T number) {
    out_.push_back('"');
    append_number(number);
    out_.push_back('"');
  }
  void append_double(double number) {
    if (std::isnan(number)) {
      out_.append("\"NaN\"");
    } else if (std::isinf(number)) {
      out_.append(number < 0 ? "\"-Infinity\"" : "\"Infinity\"");
    } else if (number == 0 && std::signbit(number)) {
      out_.append("-0.0");  // "-0" is an integer to some readers, and loses its sign
    } else {
      append_number(number);
    }
  }

  bool duration(Bytes bytes) {
    int64_t seconds = 0;
    int32_t nanos = 0;
    Cursor field(bytes);
    while (field.next()) {
      if (field.tag() == wire::make_tag(1, WireType::varint)) seconds = static_cast<int64_t>(field.value());
      if (field.tag() == wire::make_tag(2, WireType::varint)) nanos = static_cast<int32_t>(field.value());
    }
    out_.push_back('"');
    append_duration(out_, seconds, nanos);
    out_.push_back('"');
    return field.ok();
  }

  bool any(Bytes bytes, int nesting) {
    std::string_view type_url;
    Bytes value;
    Cursor field(bytes);
    while (field.next()) {
      if (field.tag() == wire::make_tag(1, WireType::length)) type_url = field.text();
      if (field.tag() == wire::make_tag(2, WireType::length)) value = field.bytes();
    }
    out_.append("{\"@type\":");
    append_json_string(out_, type_url);
    bool comma = true;
    if (const auto type = detail_type(type_url)) {
      if (!fields(*type, value, nesting, comma)) return false;
    } else {
      out_.append(",\"value\":\"");
      append_base64(out_, value);
      out_.push_back('"');
    }
    out_.push_back('}');
    return field.ok();
  }

  std::string& out_;
};

}  // namespace

bool message_to_json(Message type, Bytes message, std::string& out) {
  const size_t before = out.size();
  if (JsonWriter(out).message(type, message)) return true;
  out.resize(before);
  return false;
}

bool otlp_to_json(wire::Signal signal, Bytes message, std::string& out) {
  return message_to_json(wire::root(signal), message, out);
}

}  // namespace sluice::formats
