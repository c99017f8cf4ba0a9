// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/attributes/values.h"

#include <openssl/evp.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

#include "plugins/formats/value_text/hex.h"
#include "plugins/wire/check.h"
#include "plugins/wire/utf8.h"
#include "plugins/wire/writer.h"

namespace sluice::formats {
namespace {

using Type = wire::AnyValue::Type;

void write_value(wire::Writer<std::string>& out, const Value& value) {
  switch (value.kind) {
    case SLUICE_BOOL:
      return out.varint(2, value.integer ? 1 : 0);
    case SLUICE_INT:
      return out.signed_varint(3, value.integer);
    case SLUICE_DOUBLE:
      return out.float64(4, value.number);
    case SLUICE_LIST:
      return out.message(5, [&](auto& list) {
        for (const Value& item : value.children) list.message(1, [&](auto& any) { write_value(any, item); });
      });
    case SLUICE_MAP:
      return out.message(6, [&](auto& map) {
        for (const Value& item : value.children) {
          map.message(1, [&](auto& pair) {
            pair.text(1, item.key);
            pair.message(2, [&](auto& any) { write_value(any, item); });
          });
        }
      });
    case SLUICE_NULL:
      return;
    default:
      return out.text(1, value.string);
  }
}

int depth_of(const Value& value) {
  int deepest = 0;
  for (const Value& item : value.children) deepest = std::max(deepest, depth_of(item));
  return deepest + 1;
}

bool all_utf8(const Value& value) {
  const auto ok = [](const std::string& text) { return wire::is_utf8(wire::to_bytes(text).data(), text.size()); };
  return ok(value.string) && ok(value.key) && std::all_of(value.children.begin(), value.children.end(), all_utf8);
}

bool equal_lists(const wire::AnyValue& a, const wire::AnyValue& b) {
  auto left = a.array().begin();
  auto right = b.array().begin();
  for (; left != std::default_sentinel && right != std::default_sentinel; ++left, ++right) {
    if (!equal_values(*left, *right)) return false;
  }
  return left == std::default_sentinel && right == std::default_sentinel;
}

bool equal_maps(const wire::AnyValue& a, const wire::AnyValue& b) {
  if (a.map().count() != b.map().count()) return false;
  for (const wire::KeyValue& pair : a.map()) {
    const auto other = wire::find(b.map(), pair.key);
    if (!other || !equal_values(pair.value, *other)) return false;
  }
  return true;
}

}  // namespace

std::string encode_value(const Value& value) {
  std::string out;
  wire::Writer writer(out);
  write_value(writer, value);
  return out;
}

std::string value_problem(const Value& value) {
  if (depth_of(value) > wire::kMaxValueDepth)
    return "lists and maps may nest " + std::to_string(wire::kMaxValueDepth) + " levels deep at most";
  if (!all_utf8(value)) return "a text of it is not UTF-8, as texts of OTLP have to be";
  return {};
}

bool equal_values(const wire::AnyValue& a, const wire::AnyValue& b) {
  if (a.type != b.type) return false;
  switch (a.type) {
    case Type::empty:
      return true;
    case Type::string:
      return a.text() == b.text();
    case Type::boolean:
      return a.boolean() == b.boolean();
    case Type::integer:
      return a.integer() == b.integer();
    case Type::float64:
      return a.float64() == b.float64();
    case Type::bytes:
      return wire::to_text(a.bytes()) == wire::to_text(b.bytes());
    case Type::array:
      return equal_lists(a, b);
    case Type::map:
      return equal_maps(a, b);
  }
  return false;
}

std::string to_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t good = wire::utf8_prefix(wire::to_bytes(text).data(), text.size());
    out += text.substr(0, good);
    if (good < text.size()) out += "\xef\xbf\xbd";
    text.remove_prefix(std::min(good + 1, text.size()));
  }
  return out;
}

std::optional<int64_t> parse_int(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parse_double(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text[0] == '-' || text[0] == '+') return std::nullopt;
  auto format = std::chars_format::general;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    // Hexadecimal numbers need their exponent, as in Go.
    if (text.find_first_of("pP") == std::string_view::npos) return std::nullopt;
    format = std::chars_format::hex;
  }
  if (text.find('(') != std::string_view::npos) return std::nullopt;  // the "nan(...)" of C
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, format);
  if (end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range && format == std::chars_format::general) {
    // Too small is zero, or nearly; too large is none.
    value = std::strtod(std::string(text).c_str(), nullptr);
    if (std::isinf(value)) return std::nullopt;
  } else if (error != std::errc()) {
    return std::nullopt;
  }
  return negative ? -value : value;
}

std::optional<int64_t> to_int(double value) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (!(value >= -kLimit && value < kLimit)) return std::nullopt;
  return static_cast<int64_t>(value);
}

ValueHasher::ValueHasher() : context_(EVP_MD_CTX_new()) {
  if (!context_ || EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), EVP_sha256(), nullptr) != 1) {
    EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_));
    throw std::bad_alloc();
  }
}
ValueHasher::~ValueHasher() {
  EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_));
}

bool ValueHasher::hash(const wire::AnyValue& value, char* digits) {
  wire::Bytes bytes;
  uint8_t number[8];
  switch (value.type) {
    case Type::string:
      bytes = wire::to_bytes(value.text());
      break;
    case Type::boolean:
      number[0] = value.boolean() ? 1 : 0;
      bytes = {number, 1};
      break;
    case Type::integer:
    case Type::float64: {
      const auto bits = value.type == Type::integer ? static_cast<uint64_t>(value.integer())
                                                    : std::bit_cast<uint64_t>(value.float64());
      std::memcpy(number, &bits, sizeof bits);
      bytes = number;
      break;
    }
    default:
      break;
  }
  if (bytes.empty()) return false;
  auto* context = static_cast<EVP_MD_CTX*>(context_);
  uint8_t digest[kDigits / 2];
  // Null keeps the algorithm of the constructor.
  EVP_DigestInit_ex(context, nullptr, nullptr);
  EVP_DigestUpdate(context, bytes.data(), bytes.size());
  EVP_DigestFinal_ex(context, digest, nullptr);
  store_hex(digits, digest);
  return true;
}

}  // namespace sluice::formats
