// SPDX-License-Identifier: Apache-2.0
// The forms of texts: `format` and `pattern` of a schema.
#ifndef SLUICE_CORE_CONFIG_FORMAT_H
#define SLUICE_CORE_CONFIG_FORMAT_H

#include <optional>
#include <string>
#include <string_view>

namespace sluice::config {

struct BadForm {
  std::string message;  // what is wrong, without the text itself: it may come from a variable
  std::string help;
  std::string detail = {};  // may quote a part of the text
};

// Of "host:port", "url" and "regex"; other names are not checked. Empty texts are for `required` and the rules.
std::optional<BadForm> check_format(std::string_view format, std::string_view text);

// Whether the whole text matches; a pattern that is itself wrong matches everything.
bool matches(const std::string& pattern, std::string_view text);

// Port and host of "host:port"; a path or `unix:` address has no port.
struct HostPort {
  std::string host;
  int port = -1;
};
std::optional<HostPort> parse_host_port(std::string_view text);

}  // namespace sluice::config
#endif  // SLUICE_CORE_CONFIG_FORMAT_H
