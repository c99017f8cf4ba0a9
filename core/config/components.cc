// SPDX-License-Identifier: Apache-2.0
// Names of kinds, signals and components.
#include "core/config/components.h"

#include "core/config/schema.h"
#include "core/config/state.h"

namespace sluice::config {
namespace {

constexpr size_t kLongestType = 63, kLongestName = 1024;

constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\n\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n\r") + 1 - first);
}

// Separators, control characters and symbols; of the latter only those of ASCII and Latin-1 are told apart.
bool is_name(std::string_view name) {
  for (size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    if (c <= 0x20 || c == 0x7F || std::string_view("$+<=>^`|~").find(name[i]) != std::string_view::npos) return false;
    if (c == 0xC2 && i + 1 < name.size() && static_cast<unsigned char>(name[i + 1]) <= 0xA0) return false;
  }
  return true;
}

}  // namespace

const char* name_of(Kind kind) {
  constexpr const char* kNames[] = {"receiver", "processor", "connector", "exporter", "extension"};
  return kNames[static_cast<int32_t>(kind) - SLUICE_RECEIVER];
}

const char* section_of(Kind kind) {
  constexpr const char* kNames[] = {"receivers", "processors", "connectors", "exporters", "extensions"};
  return kNames[static_cast<int32_t>(kind) - SLUICE_RECEIVER];
}

ParsedId parse_id(std::string_view text) {
  ParsedId id;
  const size_t slash = text.find('/');
  id.type = trim(text.substr(0, slash));
  if (trim(text).empty()) {
    id.why = "an id is missing";
  } else if (id.type.empty()) {
    id.why = "the part before the / is missing";
  } else if (!is_letter(id.type[0]) || id.type.size() > kLongestType ||
             id.type.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") !=
                 std::string::npos) {
    id.why = "the type has characters that are not accepted";
  }
  id.full = id.type;
  if (slash == std::string_view::npos) return id;
  id.name = trim(text.substr(slash + 1));
  id.full += '/' + id.name;
  if (!id.why.empty()) return id;
  if (id.name.empty()) {
    id.why = "the part after the / is missing";
  } else if (!is_name(id.name)) {
    id.why = "the name has characters that are not accepted";
  } else if (id.name.size() > kLongestName) {
    id.why = "the name is longer than 1024 bytes";
  }
  return id;
}

std::string signal_name(sluice_signal signal) {
  constexpr const char* kNames[] = {"traces", "metrics", "logs", "profiles"};
  return signal >= 0 && signal <= SLUICE_PROFILES ? kNames[signal] : "?";
}

std::string signal_names(uint32_t mask) {
  std::vector<std::string> names;
  for (sluice_signal signal = SLUICE_TRACES; signal <= SLUICE_PROFILES; ++signal)
    if (mask & SLUICE_MASK(signal)) names.push_back(signal_name(signal));
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  return text.empty() ? "none" : text;
}

}  // namespace sluice::config
