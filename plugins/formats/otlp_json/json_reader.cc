// SPDX-License-Identifier: Apache-2.0
//
// JSON to protobuf in one pass: simdjson finds the tokens, the schema says what each is, fields are written as they
// come. Everything is visited, unknown fields too, since a token is checked only where it is read.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "plugins/formats/otlp_json/json_attribute.h"
#include "plugins/formats/otlp_json/json_names.h"
#include "plugins/formats/otlp_json/json_numbers.h"
#include "plugins/formats/otlp_json/json_output.h"
#include "plugins/formats/otlp_json/json_text.h"
#include "plugins/formats/otlp_json/json_tokens.h"
#include "plugins/formats/otlp_json/otlp_json.h"

namespace sluice::formats {
namespace {

using wire::Field;
using wire::Kind;
using wire::Message;
using wire::Rule;

/// Messages that are nearly as long as the whole text, as a rule.
constexpr Message kHolders[] = {Message::resource_spans, Message::scope_spans,   Message::resource_metrics,
                                Message::scope_metrics,  Message::resource_logs, Message::scope_logs};

constexpr size_t kMaxFieldNumber = [] {
  size_t max = 0;
  for (const wire::MessageSchema& message : wire::kSchema) {
    for (const Field& field : message.fields) max = std::max<size_t>(max, field.number);
  }
  return max;
}();

constexpr std::string_view kBadEscape = "the string has an escape that is none";

const char* name_of(JsonType type) noexcept {
  switch (type) {
    case JsonType::array:
      return "an array";
    case JsonType::object:
      return "an object";
    case JsonType::number:
      return "a number";
    case JsonType::string:
      return "a string";
    case JsonType::boolean:
      return "a boolean";
    case JsonType::null:
      return "null";
    case JsonType::none:
      break;
  }
  return "something else";
}

class JsonReader {
 public:
  // Spans, logs and points take 43 to 54 % of what they take as JSON.
  JsonReader(std::string_view json, std::string& out, std::string& error)
      : json_(json), out_(out, json.size() / 16 * 9), error_(error) {}

  bool read(Message type) {
    if (document(type)) {
      out_.finish();
      return true;
    }
    if (!path_.empty()) error_.insert(0, path_.substr(1) + ": ");
    return false;
  }

 private:
  bool document(Message type) {
    if (const auto error = tokens_.open(json_)) return fail_parse(error);
    if (tokens_.peek() != '{') return fail("expected an object");
    if (tokens_.last() != '}') return fail_after("an array or object has no end");
    widths_.fill(1);
    for (const Message holder : kHolders) widths_[static_cast<size_t>(holder)] = wire::varint_size(json_.size() / 2);
    tokens_.advance();
    if (!message(type, 1)) return false;
    return tokens_.at_end() || fail("unexpected text after the value");
  }

  /// Calls visit(key) for each field of an object, at the field's value. Past the '{'.
  template <typename Visit>
  bool each_field(Visit&& visit) {
    if (tokens_.skip('}')) return true;
    std::string_view key;
    do {
      if (!next_key(key) || !visit(key)) return false;
    } while (tokens_.skip(','));
    return tokens_.skip('}') || malformed();
  }
  bool next_key(std::string_view& key) {
    if (tokens_.peek() != '"') return malformed();
    key = tokens_.string();
    if (!tokens_.skip(':')) return malformed();
    value_ = tokens_.place();
    return true;
  }

  /// Calls visit() at each element of an array. Past the '['.
  template <typename Visit>
  bool each_element(Visit&& visit) {
    if (tokens_.skip(']')) return true;
    do {
      value_ = tokens_.place();
      if (!visit()) return false;
    } while (tokens_.skip(','));
    return tokens_.skip(']') || malformed();
  }

  /// The fields of an object. Past the '{'.
  bool message(Message type, int depth) {
    if (tokens_.skip('}')) return true;
    const JsonKey* const keys = json_keys(type);
    const Field* const fields = wire::schema(type).fields.data();
    std::array<uint8_t, kMaxFieldNumber + 1>& followers = followers_[static_cast<size_t>(type)];
    uint8_t* follower = followers.data();
    uint32_t seen = 0;
    do {
      const JsonKey* key = &keys[*follower];
      if (!tokens_.skip_key(key->whole())) {
        const std::optional<const JsonKey*> other = other_key(type);
        if (!other) return false;
        key = *other;
        if (key == nullptr) {
          if (!skip(depth)) return false;
          continue;
        }
        *follower = static_cast<uint8_t>(key - keys);
      }
      const Field& field = fields[key->field];
      follower = &followers[field.number];
      value_ = tokens_.place();
      const uint32_t bit = 1U << field.number;
      const bool first = (seen & bit) == 0;
      seen |= bit;
      if (!(first ? value(field, depth) : fail("the key is there twice"))) return fail_in(json_name(type, field));
    } while (tokens_.skip(','));
    return tokens_.skip('}') || malformed();
  }

  /// A key that is not the expected one; null if it is of no field.
  [[gnu::noinline]] std::optional<const JsonKey*> other_key(Message type) {
    std::string_view name;
    if (!next_key(name)) return std::nullopt;
    if (const JsonKey* key = find_json_key(type, name); key != nullptr) return key;
    if (unescape_key(name)) return find_json_key(type, name);
    fail(kBadEscape);
    return std::nullopt;
  }

  // PERF: what one value takes is inlined into the loops over fields and elements, so a message in another is one call.
  [[gnu::always_inline]] bool value(const Field& field, int depth) {
    switch (tokens_.type()) {
      case JsonType::none:
        return fail_parse(simdjson::TAPE_ERROR);
      case JsonType::null:
        return literal("null");
      default:
        return field.rule == Rule::repeated ? array(field, depth) : single(field, depth);
    }
  }

  [[gnu::noinline]] bool array(const Field& field, int depth) {
    if (++depth > kMaxJsonDepth) return fail("nested too deeply");
    if (!tokens_.skip('[')) return fail_type("an array");
    size_t index = 0;
    const bool packed = wire::is_packed(field);
    const size_t before = out_.size();
    const JsonOutput::Open open = packed ? out_.begin(field.number) : JsonOutput::Open{};
    const bool attributes =
        field.kind == Kind::message && field.message == Message::key_value && depth + 2 <= kMaxJsonDepth;
    const bool ok = each_element([&] {
      const bool copied = attributes && copy_plain_attribute(tokens_, out_, field.number, value_);
      if (!copied && !single(field, depth, packed)) return false;
      ++index;
      return true;
    });
    if (!ok) return fail_in(index);
    if (packed && out_.size() == open.body) {
      out_.cut(before);
    } else if (packed) {
      out_.end(open);
    }
    return true;
  }

  /// One value of a field. Packed values are written without their tag.
  [[gnu::always_inline]] bool single(const Field& field, int depth, bool packed = false) {
    switch (field.kind) {
      case Kind::message:
        return nested(field, depth);
      case Kind::string:
        return string(field);
      case Kind::bytes:
        return bytes(field);
      case Kind::id:
        return id(field);
      case Kind::duration:
        return duration(field);
      case Kind::any:
        return any(field, depth);
      default:
        return number(field, packed);
    }
  }

  [[gnu::always_inline]] bool nested(const Field& field, int depth) {
    if (!begin_object(depth)) return false;
    size_t& width = widths_[static_cast<size_t>(field.message)];
    const JsonOutput::Open open = out_.begin(field.number, width);
    if (!message(field.message, depth + 1)) return false;
    width = out_.end(open);
    return true;
  }

  [[gnu::noinline]] bool number(const Field& field, bool packed) {
    const auto varint = [&](uint64_t value) {
      if (packed) {
        out_.packed_varint(value);
      } else if (value != 0 || field.rule != Rule::singular) {
        out_.varint(field.number, value);
      }
      return true;
    };
    const auto fixed64 = [&](uint64_t bits) {
      if (packed) {
        out_.packed_fixed64(bits);
      } else if (bits != 0 || field.rule != Rule::singular) {
        out_.fixed64(field.number, bits);
      }
      return true;
    };
    switch (field.kind) {
      case Kind::boolean: {
        const bool is_true = tokens_.literal("true");
        if (!is_true && !tokens_.literal("false")) return fail_type("a boolean");
        return varint(is_true ? 1 : 0);
      }
      case Kind::int32: {
        int32_t n = 0;
        return integer(n) && varint(static_cast<uint64_t>(int64_t{n}));
      }
      case Kind::int64: {
        int64_t n = 0;
        return integer(n) && varint(static_cast<uint64_t>(n));
      }
      case Kind::uint32: {
        uint32_t n = 0;
        return integer(n) && varint(n);
      }
      case Kind::uint64: {
        uint64_t n = 0;
        return integer(n) && varint(n);
      }
      case Kind::sint32: {
        int32_t n = 0;
        if (!integer(n)) return false;
        return varint((static_cast<uint32_t>(n) << 1) ^ static_cast<uint32_t>(n >> 31));
      }
      case Kind::enumeration: {
        int32_t n = 0;
        return enumeration(field, n) && varint(static_cast<uint64_t>(int64_t{n}));
      }
      case Kind::fixed32: {
        uint32_t n = 0;
        if (!integer(n)) return false;
        if (n != 0 || field.rule != Rule::singular) out_.fixed32(field.number, n);
        return true;
      }
      case Kind::fixed64: {
        uint64_t n = 0;
        return integer(n) && fixed64(n);
      }
      case Kind::sfixed64: {
        int64_t n = 0;
        return integer(n) && fixed64(static_cast<uint64_t>(n));
      }
      case Kind::float64: {
        double n = 0;
        return float64(n) && fixed64(std::bit_cast<uint64_t>(n));
      }
      default:
        return false;
    }
  }

  bool begin_object(int depth) {
    if (depth + 1 > kMaxJsonDepth) return fail("nested too deeply");
    return tokens_.skip('{') || fail_type("an object");
  }

  /// An integer as a number or a string; 5.0 and 5e3 are integers too, as in protobuf's own mapping.
  template <typename T>
  bool integer(T& out) {
    const JsonType type = tokens_.type();
    if (type == JsonType::string) {
      std::string_view digits;
      if (!text(digits)) return false;
      if (parse_whole_integer(digits, out)) return true;
      return fail_text(digits, "is not an integer of this field");
    }
    if (type == JsonType::none) return fail_parse(simdjson::TAPE_ERROR);
    if (type != JsonType::number) return fail_type("an integer");
    std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t> whole = 0;
    if (tokens_.integer(whole)) {
      out = static_cast<T>(whole);
      return out == whole || fail("the number is out of range");
    }
    double number = 0;
    if (const auto error = tokens_.float64(number)) return fail_parse(error);
    if (number != std::trunc(number)) return fail("expected an integer, found a fraction");
    // Both bounds are powers of two and exact: [-2^63, 2^63) for int64_t.
    const double limit = std::ldexp(1.0, std::numeric_limits<T>::digits);
    if (number >= limit || number < (std::is_signed_v<T> ? -limit : 0.0)) return fail("the number is out of range");
    out = static_cast<T>(number);
    return true;
  }

  bool enumeration(const Field& field, int32_t& out) {
    if (tokens_.peek() != '"') return integer(out);
    std::string_view name;
    if (!text(name)) return false;
    for (const wire::EnumValue& known : field.values) {
      if (known.name != name) continue;
      out = known.number;
      return true;
    }
    return fail_text(name, "is not a value of this field");
  }

  bool float64(double& out) {
    const JsonType type = tokens_.type();
    if (type == JsonType::none) return fail_parse(simdjson::TAPE_ERROR);
    if (type == JsonType::number) {
      const auto error = tokens_.float64(out);
      return error == simdjson::SUCCESS || fail_parse(error);
    }
    if (type != JsonType::string) return fail_type("a number");
    std::string_view digits;
    if (!text(digits)) return false;
    if (digits == "NaN") {
      out = std::numeric_limits<double>::quiet_NaN();
    } else if (digits == "Infinity") {
      out = std::numeric_limits<double>::infinity();
    } else if (digits == "-Infinity") {
      out = -std::numeric_limits<double>::infinity();
    } else if (!parse_whole(digits, out) || !std::isfinite(out)) {
      return fail_text(digits, "is not a number");
    }
    return true;
  }

  bool string(const Field& field) {
    std::string_view value;
    return text(value) && write(field, value);
  }

  [[gnu::noinline]] bool bytes(const Field& field) {
    std::string_view base64;
    if (!text(base64)) return false;
    bytes_.clear();
    return append_from_base64(bytes_, base64) ? write(field, bytes_) : fail("expected base64");
  }

  [[gnu::noinline]] bool id(const Field& field) {
    std::string_view digits;
    if (!text(digits)) return false;
    bytes_.clear();
    if (!append_from_hex(bytes_, digits)) return fail("expected hex digits");
    const size_t expected = field.name == "trace_id" ? 16 : 8;
    if (!bytes_.empty() && bytes_.size() != expected) {
      return fail(expected == 16 ? "expected 32 hex digits" : "expected 16 hex digits");
    }
    return write(field, bytes_);
  }

  bool write(const Field& field, std::string_view value) {
    if (!value.empty() || field.rule != Rule::singular) out_.text(field.number, value);
    return true;
  }

  [[gnu::noinline]] bool duration(const Field& field) {
    std::string_view digits;
    if (!text(digits)) return false;
    int64_t seconds = 0;
    int32_t nanos = 0;
    if (!parse_duration(digits, seconds, nanos)) return fail("expected a duration such as \"1.5s\"");
    const JsonOutput::Open open = out_.begin(field.number);
    if (seconds != 0) out_.varint(1, static_cast<uint64_t>(seconds));
    if (nanos != 0) out_.varint(2, static_cast<uint64_t>(int64_t{nanos}));
    out_.end(open);
    return true;
  }

  [[gnu::noinline]] bool any(const Field& field, int depth) {
    if (!begin_object(depth)) return false;
    // The type may come after what it is the type of.
    const JsonTokens::Place fields = tokens_.place();
    bool found = false;
    if (!find_field("@type", found)) return malformed();
    if (!found) return fail("\"@type\" is missing");
    std::string_view view;
    if (!text(view)) return false;
    const std::string type_url(view);
    const std::optional<Message> type = detail_type(type_url);
    tokens_.go_back(fields);
    const JsonOutput::Open any = out_.begin(field.number);
    if (!type_url.empty()) out_.text(1, type_url);
    const size_t before = out_.size();
    const JsonOutput::Open body = out_.begin(2);
    if (!(type ? message(*type, depth + 1) : opaque(depth + 1))) return false;
    if (out_.size() == body.body) {
      out_.cut(before);
    } else {
      out_.end(body);
    }
    out_.end(any);
    return true;
  }

  /// The fields of a message of a type that is not known: its encoding.
  bool opaque(int depth) {
    return each_field([&](std::string_view key) {
      if (!unescape_key(key)) return fail(kBadEscape);
      if (key != "value") return skip(depth);
      std::string_view base64;
      if (!text(base64)) return false;
      bytes_.clear();
      if (!append_from_base64(bytes_, base64)) return fail("expected base64");
      out_.raw(bytes_);
      return true;
    });
  }

  /// Goes to the value of the object's field of that name, or past the object. What is passed is checked by
  /// each_field() afterwards; false for text that has no such structure.
  bool find_field(std::string_view name, bool& found) {
    if (tokens_.skip('}')) return true;
    while (true) {
      if (tokens_.peek() != '"') return false;
      const bool same = tokens_.string() == name;
      if (!tokens_.skip(':')) return false;
      if (same) return found = true;
      if (!tokens_.skip_value() || tokens_.at_end()) return false;
      if (tokens_.skip('}')) return true;
      if (!tokens_.skip(',')) return false;
    }
  }

  /// Passes over a value of an unknown field.
  [[gnu::noinline]] bool skip(int depth) {
    switch (tokens_.type()) {
      case JsonType::object:
        if (!begin_object(depth)) return false;
        return each_field([&](std::string_view key) { return unescape_key(key) ? skip(depth + 1) : fail(kBadEscape); });
      case JsonType::array:
        if (depth + 1 > kMaxJsonDepth) return fail("nested too deeply");
        tokens_.advance();
        return each_element([&] { return skip(depth + 1); });
      case JsonType::string: {
        std::string_view ignored;
        return text(ignored);
      }
      case JsonType::number: {
        double ignored = 0;
        const auto error = tokens_.float64(ignored);
        return error == simdjson::SUCCESS || fail_parse(error);
      }
      case JsonType::boolean:
        return tokens_.peek() == 't' ? literal("true") : literal("false");
      case JsonType::null:
        return literal("null");
      case JsonType::none:
        break;
    }
    return fail_parse(simdjson::TAPE_ERROR);
  }

  bool literal(std::string_view word) { return tokens_.literal(word) || fail_parse(simdjson::TAPE_ERROR); }

  /// The text of a string, valid until the next call.
  bool text(std::string_view& out) {
    if (tokens_.peek() != '"') return fail_type("a string");
    out = tokens_.string();
    return !tokens_.is_escaped(out) || unescape(out);
  }
  [[gnu::noinline]] bool unescape(std::string_view& text) {
    text_.clear();
    if (!append_unescaped(text_, text)) return fail(kBadEscape);
    text = text_;
    return true;
  }

  /// Keys are simdjson's matter, which unlike append_unescaped() refuses half a pair of surrogates.
  [[gnu::noinline]] bool unescape_key(std::string_view& key) {
    if (!tokens_.is_escaped(key)) return true;
    text_.clear();
    if (!JsonTokens::unescape(key, text_)) return false;
    key = text_;
    return true;
  }

  [[gnu::noinline, gnu::cold]] bool fail_type(const char* expected) {
    std::string text = std::string("expected ") + expected;
    if (const JsonType found = tokens_.type(); found != JsonType::none) text.append(", found ").append(name_of(found));
    return fail(text);
  }

  [[gnu::noinline, gnu::cold]] bool fail_parse(simdjson::error_code error) {
    switch (error) {
      case simdjson::EMPTY:
        return fail("there is nothing");
      case simdjson::UTF8_ERROR:
        return fail("the text is not UTF-8");
      case simdjson::UNCLOSED_STRING:
        return fail("a string has no end");
      case simdjson::UNESCAPED_CHARS:
        return fail("a string has a control character in it");
      case simdjson::NUMBER_ERROR:
        return fail("a number is malformed or out of range");
      case simdjson::CAPACITY:
      case simdjson::MEMALLOC:
        return fail("the text is too large");
      default:
        return fail("malformed JSON");
    }
  }

  [[gnu::noinline, gnu::cold]] bool fail_text(std::string_view text, std::string_view what) {
    return fail("\"" + std::string(text) + "\" " + std::string(what));
  }

  /// What failed was inside this field, or this element of an array.
  [[gnu::noinline, gnu::cold]] bool fail_in(std::string_view name) {
    path_.insert(0, name).insert(0, ".");
    return false;
  }
  [[gnu::noinline, gnu::cold]] bool fail_in(size_t index) {
    path_.insert(0, "[" + std::to_string(index) + "]");
    return false;
  }

  /// Of text whose structure is lost only the place of the last value is known to make sense.
  [[gnu::noinline, gnu::cold]] bool malformed() { return fail_after("malformed JSON"); }

  [[gnu::noinline, gnu::cold]] bool fail(std::string_view what) {
    if (tokens_.at_end()) return fail_after(what);
    error_.assign(what).append(", at byte ").append(std::to_string(*tokens_.place()));
    return false;
  }
  [[gnu::noinline, gnu::cold]] bool fail_after(std::string_view what) {
    error_.assign(what);
    if (value_ != nullptr) error_.append(", after byte ").append(std::to_string(*value_));
    return false;
  }

  const std::string_view json_;
  JsonTokens tokens_;
  JsonOutput out_;
  std::string& error_;
  std::string path_;                                  // of what is wrong; put together on the way out
  std::string text_, bytes_;                          // what a string means, if not what it says
  JsonTokens::Place value_ = nullptr;                 // that was begun last
  std::array<size_t, wire::kMessageCount> widths_{};  // of the length of the last message of each type
  // PERF: senders keep to an order, so the key that last came after a field is compared before any is searched. By the
  // field's number, 0 for the first key of an object; a place among json_keys().
  std::array<std::array<uint8_t, kMaxFieldNumber + 1>, wire::kMessageCount> followers_{};
};

}  // namespace

bool json_to_message(Message type, std::string_view json, std::string& out, std::string& error) {
  const size_t before = out.size();
  if (JsonReader(json, out, error).read(type)) return true;
  out.resize(before);
  return false;
}

bool json_to_otlp(wire::Signal signal, std::string_view json, std::string& out, std::string& error) {
  return json_to_message(wire::root(signal), json, out, error);
}

}  // namespace sluice::formats
