// SPDX-License-Identifier: Apache-2.0
//
// A cursor over the tokens of a JSON text. simdjson finds where they begin and checks that the text is UTF-8 and its
// strings have ends; what a token says is read here, in place.
//
// PERF: simdjson's own front ends copy the text for its padding and come to a token through several structs: with
// one of them the reader took four times as long.
#ifndef SLUICE_PLUGINS_FORMATS_OTLP_JSON_JSON_TOKENS_H
#define SLUICE_PLUGINS_FORMATS_OTLP_JSON_JSON_TOKENS_H

#include <simdjson.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "plugins/formats/otlp_json/json_names.h"

namespace sluice::formats {

enum class JsonType : uint8_t { none, object, array, string, number, boolean, null };

/// What a value that begins with this character is.
inline constexpr auto kJsonTypes = [] {
  std::array<JsonType, 256> types{};
  types['{'] = JsonType::object;
  types['['] = JsonType::array;
  types['"'] = JsonType::string;
  types['-'] = JsonType::number;
  for (size_t digit = '0'; digit <= '9'; ++digit) types[digit] = JsonType::number;
  types['t'] = types['f'] = JsonType::boolean;
  types['n'] = JsonType::null;
  return types;
}();

/// A token is an operator, a string, or whatever else reaches from a character to the next token. The text has to begin
/// with '{' and to end with '}': so nothing but an object's end can be its last token, and every other one may be read
/// up to its successor without asking for the text's end. After the last one comes the first again, which is neither an
/// end nor a comma.
class JsonTokens {
 public:
  /// Begins with the first token of `text`, which has to outlive this.
  simdjson::error_code open(std::string_view text) {
    text_ = text.data();
    text_end_ = text_ + text.size();
    escape_ = text_;
    constexpr size_t kDepth = 1;  // is of the second stage
    const auto made =
        simdjson::get_active_implementation()->create_dom_parser_implementation(text.size(), kDepth, index_);
    if (made != simdjson::SUCCESS) return made;
    const auto found =
        index_->stage1(reinterpret_cast<const uint8_t*>(text.data()), text.size(), simdjson::stage1_mode::regular);
    if (found != simdjson::SUCCESS) return found;
    at_ = index_->structural_indexes.get();
    end_ = at_ + index_->n_structural_indexes;
    index_->structural_indexes[index_->n_structural_indexes] = *at_;
    return simdjson::SUCCESS;
  }

  using Place = const uint32_t*;
  Place place() const noexcept { return at_; }
  void go_back(Place place) noexcept {
    at_ = place;
    escape_ = text_;
  }
  /// To a place after which only strings without escapes were passed.
  void rewind(Place place) noexcept { at_ = place; }
  bool at_end() const noexcept { return at_ == end_; }
  char last() const noexcept { return text_[end_[-1]]; }

  /// The first character of the token.
  char peek() const noexcept { return text_[*at_]; }
  JsonType type() const noexcept { return kJsonTypes[static_cast<uint8_t>(peek())]; }
  void advance() noexcept { ++at_; }
  bool skip(char c) noexcept {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  /// Over a value with all that is in it, by its brackets alone; false if they do not end.
  bool skip_value() noexcept;

  /// What is between the quotes of a string; advances.
  std::string_view string() noexcept {
    const char* begin = text_ + *at_++ + 1;
    const char* end = text_ + *at_ - 1;
    while (*end != '"') --end;  // white space
    return {begin, static_cast<size_t>(end - begin)};
  }

  /// Over a key and its colon if it is this one, written without an escape or white space.
  bool skip_key(std::string_view key) noexcept {
    if (at_[1] - at_[0] != key.size() - 1 || !equal_keys(text_ + *at_, key.data(), key.size())) return false;
    at_ += 2;
    return true;
  }

  /// Whether there is an escape in a string. PERF: the backslashes of the text are searched once, not each string's.
  bool is_escaped(std::string_view string) noexcept {
    const char* end = string.data() + string.size();
    if (end <= escape_) return false;
    if (escape_ < string.data()) find_escape(string.data());
    return escape_ < end;
  }

  /// Over a string, if it is one that means what it says.
  bool skip_plain(std::string_view& out) noexcept {
    if (peek() != '"') return false;
    const Place begin = at_;
    out = string();
    if (!is_escaped(out)) return true;
    at_ = begin;
    return false;
  }

  /// Advances over "true", "false" or "null".
  bool literal(std::string_view word) noexcept {
    const char* begin = text_ + *at_;
    if (at_[1] - at_[0] < word.size() || std::memcmp(begin, word.data(), word.size()) != 0) return false;
    if (!ends_scalar(begin[word.size()])) return false;
    ++at_;
    return true;
  }

  /// Advances over a number that has no fraction, no exponent and not too many digits for 64 bits.
  template <typename T>
  bool integer(T& out) noexcept {
    constexpr ptrdiff_t kMaxDigits = std::numeric_limits<T>::digits10;
    const char* digits = text_ + *at_;
    const bool negative = std::is_signed_v<T> && *digits == '-';
    if (negative) ++digits;
    uint64_t value = 0;
    const char* p = digits;
    while (is_digit(*p)) value = value * 10 + static_cast<uint64_t>(*p++ - '0');
    if (p == digits || p - digits > kMaxDigits + 1 || (*digits == '0' && p - digits > 1) || !ends_scalar(*p)) {
      return false;
    }
    if constexpr (std::is_signed_v<T>) {
      if (value > static_cast<uint64_t>(std::numeric_limits<T>::max()) + negative) return false;
      out = static_cast<T>(negative ? 0 - value : value);
    } else {
      // Of the numbers with 20 digits those that do not fit are smaller after the overflow than all that do.
      if (p - digits > kMaxDigits && (*digits != '1' || value < 10'000'000'000'000'000'000U)) return false;
      out = value;
    }
    ++at_;
    return true;
  }

  /// Advances over any number.
  simdjson::error_code float64(double& out);

  /// What a string means; as simdjson has it, which unlike append_unescaped() refuses half a pair of surrogates.
  static bool unescape(std::string_view raw, std::string& out);

 private:
  static bool is_digit(char c) noexcept { return static_cast<uint8_t>(c - '0') <= 9; }
  static bool ends_scalar(char c) noexcept {
    switch (c) {
      case ' ':
      case '\t':
      case '\n':
      case '\r':
      case ',':
      case ':':
      case '[':
      case ']':
      case '{':
      case '}':
        return true;
      default:
        return false;
    }
  }

  void find_escape(const char* from) noexcept {
    const void* found = std::memchr(from, '\\', static_cast<size_t>(text_end_ - from));
    escape_ = found == nullptr ? text_end_ : static_cast<const char*>(found);
  }

  const char *text_ = nullptr, *text_end_ = nullptr;
  const char* escape_ = nullptr;  // no backslash is between the last string that was asked about and this one
  Place at_ = nullptr, end_ = nullptr;
  std::unique_ptr<simdjson::internal::dom_parser_implementation> index_;
};

}  // namespace sluice::formats

#endif  // SLUICE_PLUGINS_FORMATS_OTLP_JSON_JSON_TOKENS_H
