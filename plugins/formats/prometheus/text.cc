// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/prometheus/text.h"

#include <charconv>
#include <cmath>

#include "plugins/formats/prometheus/names.h"

namespace sluice::formats::prometheus {
namespace {

template <class... How>
void append_chars(std::string& out, How... how) {
  char text[32];
  out.append(text, std::to_chars(text, text + sizeof text, how...).ptr);
}

}  // namespace

void append_integer(std::string& out, uint64_t value) {
  append_chars(out, value);
}
void append_integer(std::string& out, int64_t value) {
  append_chars(out, value);
}

void append_number(std::string& out, double value) {
  const double size = std::abs(value);
  if (size < 1e6) {
    // PERF: most values are small counts.
    if (const auto whole = static_cast<int32_t>(value); static_cast<double>(whole) == value)
      append_chars(out, whole);
    else
      append_chars(out, value, size < 1e-4 ? std::chars_format::scientific : std::chars_format::fixed);
  } else if (std::isfinite(value)) {
    append_chars(out, value, std::chars_format::scientific);
  } else {
    out += std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  }
}

void append_open_metrics_number(std::string& out, double value) {
  const size_t first = out.size();
  append_number(out, value);
  if (std::isfinite(value) && out.find_first_of(".e", first) == std::string::npos) out += ".0";
}

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  const std::string_view special = quotes ? "\\\n\"" : "\\\n";
  for (size_t at = text.find_first_of(special); at != std::string_view::npos; at = text.find_first_of(special)) {
    out.append(text.substr(0, at));
    out += '\\';
    out += text[at] == '\n' ? 'n' : text[at];
    text.remove_prefix(at + 1);
  }
  out.append(text);
}

void append_name(std::string& out, std::string_view name) {
  if (is_plain_name(name)) {
    out.append(name);
    return;
  }
  out += '"';
  append_escaped(out, name, true);
  out += '"';
}

}  // namespace sluice::formats::prometheus
