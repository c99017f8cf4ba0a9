// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/attributes/pattern.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>

namespace sluice::formats {
namespace {

struct Translated {
  std::string text;
  bool single_bytes = false;  // has \C, which could cut a character in two
};

// From Go's syntax to RE2's: outside of character classes and quotes, (?< before a name becomes (?P<.
Translated translate(std::string_view text) {
  Translated out;
  out.text.reserve(text.size() + 8);
  bool in_class = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    if (rest.starts_with("\\Q") && !in_class) {
      const size_t end = std::min(rest.find("\\E"), rest.size());
      out.text += rest.substr(0, end);
      i += end - 1;
    } else if (rest.size() > 1 && rest[0] == '\\') {
      out.single_bytes |= rest[1] == 'C';
      out.text += rest.substr(0, 2);
      ++i;
    } else if (in_class) {
      if (rest.starts_with("[:")) {
        out.text += rest.substr(0, 2);
        ++i;
        if (const size_t end = rest.find(":]", 2); end != std::string_view::npos) {
          out.text += rest.substr(2, end);
          i += end;
        }
        continue;
      }
      in_class = rest[0] != ']';
      out.text += rest[0];
    } else if (rest[0] == '[') {
      in_class = true;
      // A bracket that comes first is a member.
      const size_t head = 1 + (rest.substr(1).starts_with('^') ? 1 : 0);
      const size_t size = head + (rest.substr(head).starts_with(']') ? 1 : 0);
      out.text += rest.substr(0, size);
      i += size - 1;
    } else if (rest.starts_with("(?<") && !rest.starts_with("(?<=") && !rest.starts_with("(?<!")) {
      out.text += "(?P<";
      i += 2;
    } else {
      out.text += rest[0];
    }
  }
  return out;
}

re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

RE2::Options quiet() {
  RE2::Options options;
  options.set_log_errors(false);
  return options;
}

}  // namespace

std::string Pattern::problem(std::string_view text) {
  const Translated translated = translate(text);
  const RE2 regex(piece(translated.text), quiet());
  if (!regex.ok()) return "this is no regular expression: " + regex.error() + "; RE2's syntax is accepted";
  if (translated.single_bytes) return "\\C is not accepted in a regular expression: it could cut a character in two";
  if (static_cast<size_t>(regex.NumberOfCapturingGroups()) > kMaxGroups)
    return "a regular expression may have " + std::to_string(kMaxGroups) + " groups at most";
  return {};
}

Pattern::Pattern(std::string_view text) : regex_(std::make_unique<RE2>(piece(translate(text).text), quiet())) {
  groups_.resize(static_cast<size_t>(std::max(regex_->NumberOfCapturingGroups(), 0)));
  for (const auto& [index, name] : regex_->CapturingGroupNames()) groups_[static_cast<size_t>(index) - 1] = name;
}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

bool Pattern::matches(std::string_view text) const {
  return regex_->Match(piece(text), 0, text.size(), RE2::UNANCHORED, nullptr, 0);
}

bool Pattern::match_groups(std::string_view text, std::span<std::string_view> groups) const {
  std::array<re2::StringPiece, kMaxGroups + 1> found;
  const size_t count = groups_.size();
  if (!regex_->Match(piece(text), 0, text.size(), RE2::UNANCHORED, found.data(), static_cast<int>(count + 1)))
    return false;
  for (size_t i = 0; i < count; ++i) groups[i] = {found[i + 1].data(), found[i + 1].size()};
  return true;
}

std::string extraction_problem(std::string_view pattern) {
  if (std::string problem = Pattern::problem(pattern); !problem.empty()) return problem;
  const Pattern compiled(pattern);
  const std::vector<std::string>& groups = compiled.groups();
  if (groups.empty()) return "the pattern has no group to take an attribute from: write (?P<name>...)";
  if (std::find(groups.begin(), groups.end(), "") != groups.end())
    return "each group of the pattern needs a name, that of its attribute: write (?P<name>...), or (?:...) for a group "
           "that is none";
  return {};
}

}  // namespace sluice::formats
