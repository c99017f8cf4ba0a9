// SPDX-License-Identifier: Apache-2.0
// JSON, as little as schemas and reports need.
#ifndef SLUICE_CORE_CONFIG_JSON_H
#define SLUICE_CORE_CONFIG_JSON_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::config {

struct Json {
  enum class Type : uint8_t { null, boolean, integer, real, string, array, object };
  Type type = Type::null;
  int64_t integer = 0;  // also of a boolean
  double number = 0;    // of integers, too
  std::string string;
  std::vector<Json> items;  // of an array, or the values of an object
  std::vector<std::string> keys;

  const Json* find(std::string_view key) const;
  bool is(Type wanted) const { return type == wanted; }
};

// The whole text is one value; else nothing, and `error` says where and why.
std::optional<Json> parse_json(std::string_view text, std::string& error);

void append_json(std::string& out, std::string_view text);  // in quotes
void append_json(std::string& out, const Json& value);

}  // namespace sluice::config
#endif  // SLUICE_CORE_CONFIG_JSON_H
