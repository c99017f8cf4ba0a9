// SPDX-License-Identifier: Apache-2.0
// A small JSON reader and writer.
#include "core/config/json.h"

#include <charconv>
#include <cmath>

#include "core/config/scalar.h"

namespace sluice::config {
namespace {

constexpr int kMaxNesting = 200;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  bool whole(Json& out) {
    if (!value(out, 0)) return false;
    blanks();
    return at_ == text_.size() || fail("text behind the value");
  }
  std::string error() const { return why_ + " at offset " + std::to_string(at_); }

 private:
  bool fail(const char* why) {
    if (why_.empty()) why_ = why;
    return false;
  }
  void blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }
  bool take(char c) {
    blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool word(std::string_view expected) {
    if (!text_.substr(at_).starts_with(expected)) return fail("not a value");
    at_ += expected.size();
    return true;
  }

  bool value(Json& out, int depth) {
    blanks();
    if (depth > kMaxNesting) return fail("too deep");
    if (at_ >= text_.size()) return fail("the text ends early");
    switch (text_[at_]) {
      case '{':
        return object(out, depth);
      case '[':
        return array(out, depth);
      case '"':
        out.type = Json::Type::string;
        return string(out.string);
      case 't':
        out.type = Json::Type::boolean, out.integer = 1;
        return word("true");
      case 'f':
        out.type = Json::Type::boolean;
        return word("false");
      case 'n':
        return word("null");
      default:
        return number(out);
    }
  }

  bool object(Json& out, int depth) {
    out.type = Json::Type::object;
    ++at_;
    if (take('}')) return true;
    do {
      blanks();
      if (at_ >= text_.size() || text_[at_] != '"') return fail("a key is missing");
      if (!string(out.keys.emplace_back())) return false;
      if (!take(':')) return fail("\":\" is missing");
      if (!value(out.items.emplace_back(), depth + 1)) return false;
    } while (take(','));
    return take('}') || fail("\"}\" is missing");
  }

  bool array(Json& out, int depth) {
    out.type = Json::Type::array;
    ++at_;
    if (take(']')) return true;
    do {
      if (!value(out.items.emplace_back(), depth + 1)) return false;
    } while (take(','));
    return take(']') || fail("\"]\" is missing");
  }

  bool number(Json& out) {
    size_t end = at_;
    while (end < text_.size() && std::string_view("+-.0123456789eE").find(text_[end]) != std::string_view::npos) ++end;
    const std::string_view digits = text_.substr(at_, end - at_);
    const char* const last = digits.data() + digits.size();
    if (const auto r = std::from_chars(digits.data(), last, out.integer); r.ec == std::errc() && r.ptr == last) {
      out.type = Json::Type::integer, out.number = static_cast<double>(out.integer);
    } else if (const auto d = std::from_chars(digits.data(), last, out.number);
               d.ec == std::errc() && d.ptr == last && !digits.empty()) {
      out.type = Json::Type::real;
    } else {
      return fail("not a value");
    }
    at_ = end;
    return true;
  }

  bool string(std::string& out) {
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) return fail("a control character in a text");
      if (c != '\\') {
        out += c;
        continue;
      }
      if (++at_ >= text_.size()) break;
      constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
      if (const size_t i = kFrom.find(text_[at_]); i != std::string_view::npos) {
        out += kTo[i];
      } else if (text_[at_] != 'u' || !code_point(out)) {
        return fail("an unknown escape");
      }
    }
    return fail("a text is not closed");
  }

  bool four_digits(uint32_t& code) {  // stands at the `u`, ends at the last digit
    if (at_ + 4 >= text_.size()) return false;
    const char* const first = text_.data() + at_ + 1;
    const auto result = std::from_chars(first, first + 4, code, 16);
    at_ += 4;
    return result.ec == std::errc() && result.ptr == first + 4;
  }
  bool code_point(std::string& out) {
    uint32_t code = 0, low = 0;
    if (!four_digits(code)) return false;
    if (code >= 0xD800 && code < 0xDC00) {
      if (text_.substr(at_ + 1, 2) != "\\u") return false;
      at_ += 2;
      if (!four_digits(low) || low < 0xDC00 || low > 0xDFFF) return false;
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    const auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
      put(code);
    } else if (code < 0x800) {
      put(0xC0 | code >> 6), put(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
    } else {
      put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 0x3F)), put(0x80 | (code >> 6 & 0x3F)),
          put(0x80 | (code & 0x3F));
    }
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string why_;
};

}  // namespace

const Json* Json::find(std::string_view key) const {
  for (size_t i = 0; i < keys.size(); ++i)
    if (keys[i] == key) return &items[i];
  return nullptr;
}

std::optional<Json> parse_json(std::string_view text, std::string& error) {
  Json value;
  Parser parser(text);
  if (parser.whole(value)) return value;
  error = parser.error();
  return std::nullopt;
}

void append_json(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\', out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      constexpr char kHex[] = "0123456789abcdef";
      out += "\\u00", out += kHex[byte >> 4], out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_json(std::string& out, const Json& value) {
  switch (value.type) {
    case Json::Type::null:
      out += "null";
      break;
    case Json::Type::boolean:
      out += value.integer ? "true" : "false";
      break;
    case Json::Type::integer:
      out += std::to_string(value.integer);
      break;
    case Json::Type::real:
      out += std::isfinite(value.number) ? format_number(value.number) : "null";
      break;
    case Json::Type::string:
      append_json(out, value.string);
      break;
    case Json::Type::array:
      out += '[';
      for (size_t i = 0; i < value.items.size(); ++i) {
        if (i) out += ',';
        append_json(out, value.items[i]);
      }
      out += ']';
      break;
    case Json::Type::object:
      out += '{';
      for (size_t i = 0; i < value.items.size(); ++i) {
        if (i) out += ',';
        append_json(out, value.keys[i]);
        out += ':';
        append_json(out, value.items[i]);
      }
      out += '}';
      break;
  }
}

}  // namespace sluice::config
