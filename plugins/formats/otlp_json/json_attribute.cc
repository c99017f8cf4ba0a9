// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/otlp_json/json_attribute.h"

#include "plugins/formats/otlp_json/json_numbers.h"

namespace sluice::formats {
namespace {

bool skip_to_value(JsonTokens& tokens, std::string_view& key) {
  return tokens.skip('{') && tokens.skip_key(R"("key":)") && tokens.skip_plain(key) && !key.empty() &&
         tokens.skip(',') && tokens.skip_key(R"("value":)") && tokens.skip('{');
}

bool skip_ends(JsonTokens& tokens) {
  return tokens.skip('}') && tokens.skip('}');
}

/// All of an attribute but the field of its value, which takes `size`.
void write_head(JsonOutput& out, uint32_t number, std::string_view key, size_t size) {
  out.head(number, JsonOutput::size_with_head(key.size()) + JsonOutput::size_with_head(size));
  out.text(1, key);
  out.head(2, size);
}

bool copy(JsonTokens& tokens, JsonOutput& out, uint32_t number, JsonTokens::Place& value) {
  std::string_view key;
  if (!skip_to_value(tokens, key)) return false;
  if (tokens.skip_key(R"("stringValue":)")) {
    const JsonTokens::Place begin = tokens.place();
    std::string_view text;
    if (!tokens.skip_plain(text) || !skip_ends(tokens)) return false;
    value = begin;
    write_head(out, number, key, JsonOutput::size_with_head(text.size()));
    out.text(1, text);
    return true;
  }
  if (!tokens.skip_key(R"("intValue":)")) return false;
  const JsonTokens::Place begin = tokens.place();
  std::string_view digits;
  int64_t n = 0;
  if (!(tokens.skip_plain(digits) ? parse_whole_integer(digits, n) : tokens.integer(n))) return false;
  if (!skip_ends(tokens)) return false;
  value = begin;
  write_head(out, number, key, 1 + wire::varint_size(static_cast<uint64_t>(n)));
  out.varint(3, static_cast<uint64_t>(n));
  return true;
}

}  // namespace

bool copy_plain_attribute(JsonTokens& tokens, JsonOutput& out, uint32_t number, JsonTokens::Place& value) {
  const JsonTokens::Place begin = tokens.place();
  if (copy(tokens, out, number, value)) return true;
  tokens.rewind(begin);
  return false;
}

}  // namespace sluice::formats
