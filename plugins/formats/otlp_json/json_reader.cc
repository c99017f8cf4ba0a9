// SPDX-License-Identifier: Apache-2.0
//
// JSON to protobuf in one pass: simdjson finds the tokens, the schema says what each is, fields are written as they
// come. Everything is visited, unknown fields too, since simdjson's on-demand front end checks only what is read.
#include <simdjson.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "plugins/formats/otlp_json/json_names.h"
#include "plugins/formats/otlp_json/json_text.h"
#include "plugins/formats/otlp_json/otlp_json.h"
#include "plugins/wire/writer.h"

namespace sluice::formats {
namespace {

namespace ondemand = simdjson::ondemand;
using wire::Field;
using wire::Kind;
using wire::Message;
using wire::Rule;

constexpr std::string_view kBadEscape = "the string has an escape that is none";
constexpr size_t kNoIndex = std::numeric_limits<size_t>::max();

const char* name_of(ondemand::json_type type) noexcept {
  switch (type) {
    case ondemand::json_type::array:
      return "an array";
    case ondemand::json_type::object:
      return "an object";
    case ondemand::json_type::number:
      return "a number";
    case ondemand::json_type::string:
      return "a string";
    case ondemand::json_type::boolean:
      return "a boolean";
    case ondemand::json_type::null:
      return "null";
  }
  return "something else";
}

template <typename T>
bool parse_whole(std::string_view text, T& value) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

class JsonReader {
 public:
  JsonReader(std::string& out, std::string& error) noexcept : writer_(out), error_(error) {}

  bool read(Message type, std::string_view json) {
    const simdjson::padded_string padded(json);
    begin_ = padded.data();
    ondemand::parser parser;
    if (const auto error = parser.iterate(padded).get(document_)) return fail_parse(error);
    ondemand::object object;
    if (const auto error = document_.get_object().get(object)) {
      if (error == simdjson::INCORRECT_TYPE) return fail("expected an object");
      return fail_parse(error);
    }
    if (!message(type, object, 1)) return false;
    const char* rest = nullptr;  // there is no location at the end
    return document_.current_location().get(rest) != simdjson::SUCCESS || fail("unexpected text after the value");
  }

 private:
  /// Where the reader is, for errors: a field, and the place in its array.
  struct Step {
    std::string_view name;
    size_t index = kNoIndex;
  };

  /// Calls visit(key, value) for each field of an object.
  template <typename Visit>
  bool each_field(ondemand::object object, Visit&& visit) {
    for (auto entry : object) {
      if (const auto error = entry.error()) return fail_parse(error);
      ondemand::field field = entry.value_unsafe();
      std::string_view key;
      if (const auto error = field.unescaped_key().get(key)) return fail_parse(error);
      token_ = field.value().raw_json_token().data();
      if (!visit(key, field.value())) return false;
    }
    return true;
  }

  template <typename Visit>
  bool each_element(ondemand::array array, Visit&& visit) {
    for (auto element : array) {
      if (const auto error = element.error()) return fail_parse(error);
      ondemand::value value = element.value_unsafe();
      token_ = value.raw_json_token().data();
      if (!visit(value)) return false;
    }
    return true;
  }

  bool message(Message type, ondemand::object object, int depth) {
    uint32_t seen = 0;
    return each_field(
        object, [&](std::string_view key, ondemand::value value) { return member(type, key, value, depth, seen); });
  }

  bool member(Message type, std::string_view key, ondemand::value value, int depth, uint32_t& seen) {
    const Field* field = field_by_json_name(type, key);
    if (field == nullptr) return skip(value, depth);
    path_[path_size_++] = {json_name(type, *field)};
    const uint32_t bit = 1U << field->number;
    if ((seen & bit) != 0) return fail("the key is there twice");
    seen |= bit;
    ondemand::json_type found;
    if (const auto error = value.type().get(found)) return fail_parse(error);
    const bool ok = found == ondemand::json_type::null ? null(value)
                    : field->rule == Rule::repeated    ? array(*field, value, depth)
                                                       : single(*field, value, depth);
    if (ok) --path_size_;
    return ok;
  }

  bool array(const Field& field, ondemand::value value, int depth) {
    if (++depth > kMaxJsonDepth) return fail("nested too deeply");
    ondemand::array array;
    if (const auto error = value.get_array().get(array)) return fail_type(error, "an array", value);
    Step& step = path_[path_size_ - 1];
    step.index = 0;
    const bool packed = wire::is_packed(field);
    const size_t before = writer_.out().size();
    const size_t body = packed ? writer_.begin_message(field.number) : 0;
    const bool ok = each_element(array, [&](ondemand::value element) {
      if (!single(field, element, depth, packed)) return false;
      ++step.index;
      return true;
    });
    if (!ok) return false;
    step.index = kNoIndex;
    if (packed && writer_.out().size() == body) {
      writer_.out().resize(before);
    } else if (packed) {
      writer_.end_message(body);
    }
    return true;
  }

  /// One value of a field. Packed values are written without their tag.
  bool single(const Field& field, ondemand::value value, int depth, bool packed = false) {
    const auto number = [&](uint64_t varint) {
      if (packed) {
        wire::append_varint(writer_.out(), varint);
      } else if (varint != 0 || field.rule != Rule::singular) {
        writer_.varint(field.number, varint);
      }
      return true;
    };
    const auto fixed64 = [&](uint64_t bits) {
      if (packed) {
        wire::append_bytes(writer_.out(), {reinterpret_cast<const uint8_t*>(&bits), sizeof bits});
      } else if (bits != 0 || field.rule != Rule::singular) {
        writer_.fixed64(field.number, bits);
      }
      return true;
    };
    switch (field.kind) {
      case Kind::boolean: {
        bool boolean = false;
        if (const auto error = value.get_bool().get(boolean)) return fail_type(error, "a boolean", value);
        return number(boolean ? 1 : 0);
      }
      case Kind::int32: {
        int32_t n = 0;
        return integer(value, n) && number(static_cast<uint64_t>(int64_t{n}));
      }
      case Kind::int64: {
        int64_t n = 0;
        return integer(value, n) && number(static_cast<uint64_t>(n));
      }
      case Kind::uint32: {
        uint32_t n = 0;
        return integer(value, n) && number(n);
      }
      case Kind::uint64: {
        uint64_t n = 0;
        return integer(value, n) && number(n);
      }
      case Kind::sint32: {
        int32_t n = 0;
        if (!integer(value, n)) return false;
        return number((static_cast<uint32_t>(n) << 1) ^ static_cast<uint32_t>(n >> 31));
      }
      case Kind::enumeration: {
        int32_t n = 0;
        return enumeration(field, value, n) && number(static_cast<uint64_t>(int64_t{n}));
      }
      case Kind::fixed32: {
        uint32_t n = 0;
        if (!integer(value, n)) return false;
        if (n != 0 || field.rule != Rule::singular) writer_.fixed32(field.number, n);
        return true;
      }
      case Kind::fixed64: {
        uint64_t n = 0;
        return integer(value, n) && fixed64(n);
      }
      case Kind::sfixed64: {
        int64_t n = 0;
        return integer(value, n) && fixed64(static_cast<uint64_t>(n));
      }
      case Kind::float64: {
        double n = 0;
        return float64(value, n) && fixed64(std::bit_cast<uint64_t>(n));
      }
      case Kind::string:
      case Kind::bytes:
      case Kind::id:
        return string(field, value);
      case Kind::message: {
        ondemand::object object;
        const size_t body = writer_.begin_message(field.number);
        if (!begin_object(value, depth, object) || !message(field.message, object, depth + 1)) return false;
        writer_.end_message(body);
        return true;
      }
      case Kind::duration:
        return duration(field, value);
      case Kind::any:
        return any(field, value, depth);
    }
    return false;
  }

  bool begin_object(ondemand::value value, int depth, ondemand::object& object) {
    if (depth + 1 > kMaxJsonDepth) return fail("nested too deeply");
    if (const auto error = value.get_object().get(object)) return fail_type(error, "an object", value);
    return true;
  }

  /// An integer as a number or a string; 5.0 and 5e3 are integers too, as in protobuf's own mapping.
  template <typename T>
  bool integer(ondemand::value value, T& out) {
    ondemand::json_type type;
    if (const auto error = value.type().get(type)) return fail_parse(error);
    if (type == ondemand::json_type::string) {
      std::string_view digits;
      if (!text(value, digits)) return false;
      if (parse_whole(digits, out)) return true;
      return fail("\"" + std::string(digits) + "\" is not an integer of this field");
    }
    if (type != ondemand::json_type::number) return fail_type(simdjson::INCORRECT_TYPE, "an integer", value);
    double number = 0;
    if constexpr (std::is_signed_v<T>) {
      int64_t whole = 0;
      if (value.get_int64().get(whole) == simdjson::SUCCESS) {
        out = static_cast<T>(whole);
        return out == whole || fail("the number is out of range");
      }
    } else {
      uint64_t whole = 0;
      if (value.get_uint64().get(whole) == simdjson::SUCCESS) {
        out = static_cast<T>(whole);
        return out == whole || fail("the number is out of range");
      }
    }
    if (const auto error = value.get_double().get(number)) return fail_parse(error);
    if (number != std::trunc(number)) return fail("expected an integer, found a fraction");
    // Both bounds are powers of two and exact: [-2^63, 2^63) for int64_t.
    const double limit = std::ldexp(1.0, std::numeric_limits<T>::digits);
    if (number >= limit || number < (std::is_signed_v<T> ? -limit : 0.0)) return fail("the number is out of range");
    out = static_cast<T>(number);
    return true;
  }

  bool enumeration(const Field& field, ondemand::value value, int32_t& out) {
    ondemand::json_type type;
    if (const auto error = value.type().get(type)) return fail_parse(error);
    if (type != ondemand::json_type::string) return integer(value, out);
    std::string_view name;
    if (!text(value, name)) return false;
    for (const wire::EnumValue& known : field.values) {
      if (known.name != name) continue;
      out = known.number;
      return true;
    }
    return fail("\"" + std::string(name) + "\" is not a value of this field");
  }

  bool float64(ondemand::value value, double& out) {
    ondemand::json_type type;
    if (const auto error = value.type().get(type)) return fail_parse(error);
    if (type == ondemand::json_type::number) {
      if (const auto error = value.get_double().get(out)) return fail_parse(error);
      return true;
    }
    if (type != ondemand::json_type::string) return fail_type(simdjson::INCORRECT_TYPE, "a number", value);
    std::string_view digits;
    if (!text(value, digits)) return false;
    if (digits == "NaN") {
      out = std::numeric_limits<double>::quiet_NaN();
    } else if (digits == "Infinity") {
      out = std::numeric_limits<double>::infinity();
    } else if (digits == "-Infinity") {
      out = -std::numeric_limits<double>::infinity();
    } else if (!parse_whole(digits, out) || !std::isfinite(out)) {
      return fail("\"" + std::string(digits) + "\" is not a number");
    }
    return true;
  }

  bool string(const Field& field, ondemand::value value) {
    std::string_view raw;
    if (!raw_text(value, raw)) return false;
    const size_t before = writer_.out().size();
    const size_t body = writer_.begin_message(field.number, raw.size());
    std::string_view digits;
    if (field.kind == Kind::string) {
      if (!append_unescaped(writer_.out(), raw)) return fail(kBadEscape);
    } else if (!unescape(raw, digits)) {
      return false;
    } else if (field.kind == Kind::bytes) {
      if (!append_from_base64(writer_.out(), digits)) return fail("expected base64");
    } else {
      if (!append_from_hex(writer_.out(), digits)) return fail("expected hex digits");
      const size_t size = writer_.out().size() - body;
      const size_t expected = field.name == "trace_id" ? 16 : 8;
      if (size != 0 && size != expected) return fail("expected " + std::to_string(2 * expected) + " hex digits");
    }
    if (field.rule == Rule::singular && writer_.out().size() == body) {
      writer_.out().resize(before);
    } else {
      writer_.end_message(body);
    }
    return true;
  }

  bool duration(const Field& field, ondemand::value value) {
    std::string_view digits;
    if (!text(value, digits)) return false;
    int64_t seconds = 0;
    int32_t nanos = 0;
    if (!parse_duration(digits, seconds, nanos)) return fail("expected a duration such as \"1.5s\"");
    writer_.message(field.number, [&](auto& duration) {
      if (seconds != 0) duration.signed_varint(1, seconds);
      if (nanos != 0) duration.signed_varint(2, nanos);
    });
    return true;
  }

  bool any(const Field& field, ondemand::value value, int depth) {
    ondemand::object object;
    if (!begin_object(value, depth, object)) return false;
    // The type may come after what it is the type of.
    ondemand::value type_value;
    if (const auto error = object.find_field_unordered("@type").get(type_value)) {
      return error == simdjson::NO_SUCH_FIELD ? fail("\"@type\" is missing") : fail_parse(error);
    }
    std::string_view view;
    if (!text(type_value, view)) return false;
    const std::string type_url(view);
    const std::optional<Message> type = detail_type(type_url);
    if (const auto error = object.reset().error()) return fail_parse(error);
    const size_t any = writer_.begin_message(field.number);
    if (!type_url.empty()) writer_.text(1, type_url);
    const size_t before = writer_.out().size();
    const size_t body = writer_.begin_message(2);
    uint32_t seen = 0;
    const bool ok = each_field(object, [&](std::string_view key, ondemand::value member_value) {
      if (type) return member(*type, key, member_value, depth + 1, seen);
      if (key != "value") return skip(member_value, depth + 1);
      std::string_view base64;
      if (!text(member_value, base64)) return false;
      return append_from_base64(writer_.out(), base64) || fail("expected base64");
    });
    if (!ok) return false;
    if (writer_.out().size() == body) {
      writer_.out().resize(before);
    } else {
      writer_.end_message(body);
    }
    writer_.end_message(any);
    return true;
  }

  /// Passes over a value of an unknown field.
  bool skip(ondemand::value value, int depth) {
    ondemand::json_type type;
    if (const auto error = value.type().get(type)) return fail_parse(error);
    switch (type) {
      case ondemand::json_type::object: {
        ondemand::object object;
        if (!begin_object(value, depth, object)) return false;
        return each_field(object, [&](std::string_view, ondemand::value inner) { return skip(inner, depth + 1); });
      }
      case ondemand::json_type::array: {
        if (depth + 1 > kMaxJsonDepth) return fail("nested too deeply");
        ondemand::array array;
        if (const auto error = value.get_array().get(array)) return fail_parse(error);
        return each_element(array, [&](ondemand::value inner) { return skip(inner, depth + 1); });
      }
      case ondemand::json_type::string: {
        std::string_view ignored;
        return text(value, ignored);
      }
      case ondemand::json_type::number: {
        double ignored = 0;
        if (const auto error = value.get_double().get(ignored)) return fail_parse(error);
        return true;
      }
      case ondemand::json_type::boolean: {
        bool ignored = false;
        if (const auto error = value.get_bool().get(ignored)) return fail_parse(error);
        return true;
      }
      case ondemand::json_type::null:
        return null(value);
    }
    return false;
  }

  bool null(ondemand::value value) {
    bool is_null = false;
    if (const auto error = value.is_null().get(is_null)) return fail_parse(error);
    return is_null || fail_parse(simdjson::N_ATOM_ERROR);
  }

  /// What is between the quotes of a string.
  bool raw_text(ondemand::value value, std::string_view& out) {
    const std::string_view token = value.raw_json_token();
    ondemand::raw_json_string ignored;
    if (const auto error = value.get_raw_json_string().get(ignored)) return fail_type(error, "a string", value);
    // A token reaches to the next one, over white space.
    out = token.substr(1, token.rfind('"') - 1);
    return true;
  }

  /// The text of a string, valid until the next call.
  bool text(ondemand::value value, std::string_view& out) {
    std::string_view raw;
    return raw_text(value, raw) && unescape(raw, out);
  }
  bool unescape(std::string_view raw, std::string_view& out) {
    out = raw;
    if (raw.find('\\') == std::string_view::npos) return true;
    scratch_.clear();
    if (!append_unescaped(scratch_, raw)) return fail(kBadEscape);
    out = scratch_;
    return true;
  }

  bool fail_type(simdjson::error_code error, const char* expected, ondemand::value value) {
    if (error != simdjson::INCORRECT_TYPE) return fail_parse(error);
    ondemand::json_type found;
    if (value.type().get(found)) return fail(std::string("expected ") + expected);
    return fail(std::string("expected ") + expected + ", found " + name_of(found));
  }

  bool fail_parse(simdjson::error_code error) {
    switch (error) {
      case simdjson::EMPTY:
        return fail("there is nothing");
      case simdjson::UTF8_ERROR:
        return fail("the text is not UTF-8");
      case simdjson::UNCLOSED_STRING:
        return fail("a string has no end");
      case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
        return fail("an array or object has no end");
      case simdjson::UNESCAPED_CHARS:
        return fail("a string has a control character in it");
      case simdjson::STRING_ERROR:
        return fail(kBadEscape);
      case simdjson::NUMBER_ERROR:
        return fail("a number is malformed or out of range");
      case simdjson::CAPACITY:
      case simdjson::MEMALLOC:
        return fail("the text is too large");
      default:
        return fail("malformed JSON");
    }
  }

  bool fail(std::string_view what) {
    std::string text;
    for (size_t i = 0; i < path_size_; ++i) {
      if (i > 0) text.push_back('.');
      text.append(path_[i].name);
      if (path_[i].index != kNoIndex) text.append("[").append(std::to_string(path_[i].index)).append("]");
    }
    if (!text.empty()) text.append(": ");
    text.append(what);
    const char* location = nullptr;
    if (document_.is_alive() && document_.current_location().get(location) == simdjson::SUCCESS) {
      text.append(", at byte ").append(std::to_string(location - begin_));
    } else if (token_ != nullptr) {
      text.append(", after byte ").append(std::to_string(token_ - begin_));
    }
    error_ = std::move(text);
    return false;
  }

  wire::Writer<std::string> writer_;
  std::string& error_;
  std::string scratch_;
  ondemand::document document_;
  const char* begin_ = nullptr;
  const char* token_ = nullptr;  // the last value that was begun; simdjson forgets its place on malformed text
  std::array<Step, kMaxJsonDepth + 1> path_{};
  size_t path_size_ = 0;
};

}  // namespace

bool json_to_message(Message type, std::string_view json, std::string& out, std::string& error) {
  const size_t before = out.size();
  if (JsonReader(out, error).read(type, json)) return true;
  out.resize(before);
  return false;
}

bool json_to_otlp(wire::Signal signal, std::string_view json, std::string& out, std::string& error) {
  return json_to_message(wire::root(signal), json, out, error);
}

}  // namespace sluice::formats
