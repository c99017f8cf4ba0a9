// SPDX-License-Identifier: Apache-2.0
// Addresses, URLs and regular expressions.
#include "core/config/format.h"

#include <re2/re2.h>

#include <charconv>

namespace sluice::config {
namespace {

bool is_path(std::string_view text) {
  return text.starts_with('/') || text.starts_with("unix:") || text.starts_with('@');
}

std::optional<BadForm> bad_address(std::string_view text) {
  if (is_path(text)) return std::nullopt;
  if (text.find("://") != std::string_view::npos)
    return BadForm{"a URL is no address to listen on or connect to here", "write host:port, such as localhost:4317"};
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || (text.starts_with('[') && text.ends_with(']')))
    return BadForm{"there is no port", "write host:port, such as localhost:4317"};
  const std::string_view host = text.substr(0, colon);
  if (host.find(':') != std::string_view::npos && !(host.starts_with('[') && host.ends_with(']')))
    return BadForm{"an IPv6 address needs brackets", "write [::1]:4317"};
  if (host.find_first_of(" \t") != std::string_view::npos)
    return BadForm{"there is a blank in the host", "write host:port, such as localhost:4317"};
  if (!parse_host_port(text)) return BadForm{"no valid port", "accepted: 0 to 65535"};
  return std::nullopt;
}

std::optional<BadForm> bad_url(std::string_view text) {
  const size_t scheme = text.find("://");
  if (scheme == std::string_view::npos || scheme == 0)
    return BadForm{"this is no URL", "write http://host:port, or https://"};
  const std::string_view rest = text.substr(scheme + 3);
  if (rest.substr(0, rest.find_first_of("/?#")).empty())
    return BadForm{"there is no host in this URL", "write http://host:port, or https://"};
  if (text.find_first_of(" \t\n") != std::string_view::npos)
    return BadForm{"there is a blank in this URL", "write %20 for it"};
  return std::nullopt;
}

RE2::Options quiet() {
  RE2::Options options;
  options.set_log_errors(false);
  return options;
}

}  // namespace

std::optional<BadForm> check_format(std::string_view format, std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (format == "host:port") return bad_address(text);
  if (format == "url") return bad_url(text);
  if (format == "regex") {
    const RE2 regex(re2::StringPiece(text.data(), text.size()), quiet());
    if (!regex.ok()) return BadForm{"this is no regular expression", "RE2's syntax is accepted", ": " + regex.error()};
  }
  return std::nullopt;
}

bool matches(const std::string& pattern, std::string_view text) {
  const RE2 regex(pattern, quiet());
  return !regex.ok() || RE2::FullMatch(re2::StringPiece(text.data(), text.size()), regex);
}

std::optional<HostPort> parse_host_port(std::string_view text) {
  if (is_path(text)) return HostPort{std::string(text), -1};
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view digits = text.substr(colon + 1);
  HostPort out{std::string(text.substr(0, colon)), 0};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.empty() || out.port < 0 ||
      out.port > 65535)
    return std::nullopt;
  return out;
}

}  // namespace sluice::config
