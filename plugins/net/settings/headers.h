// SPDX-License-Identifier: Apache-2.0
// What may stand in a header of HTTP or in gRPC's metadata, for settings that let the user write some.
#ifndef SLUICE_PLUGINS_NET_SETTINGS_HEADERS_H
#define SLUICE_PLUGINS_NET_SETTINGS_HEADERS_H

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "plugins/sdk/settings.h"

namespace sluice::net {

inline bool is_token(std::string_view text) {  // RFC 9110, 5.6.2
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

inline bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return (c >= 0x20 && c != 0x7f) || c == '\t'; });
}

inline bool same_ignoring_case(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

// A header that is not one would let a value (maybe from a file or the environment) add headers of its own or cut the
// message at another place. `ours`: names that the transport itself must set, because they say where a message ends.
inline void check_headers(Settings& s, const char* key, const Headers& headers,
                          std::initializer_list<std::string_view> ours) {
  for (const auto& [name, value] : headers) {
    s.check(is_token(name), key, "invalid header name \"" + name + "\"");
    s.check(is_field_value(value.reveal()), key, "the value of header \"" + name + "\" has control characters");
    s.check(std::none_of(ours.begin(), ours.end(), [&name = name](auto own) { return same_ignoring_case(own, name); }),
            key, "header \"" + name + "\" is set by the transport and cannot be changed");
  }
}

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_SETTINGS_HEADERS_H
