// SPDX-License-Identifier: Apache-2.0
// Regular expressions of users, in the syntax of the OpenTelemetry Collector's (Go's). RE2 understands all of it but
// for (?<name>...), which newer Go takes besides (?P<name>...) and which is translated here.
#ifndef SLUICE_PLUGINS_FORMATS_ATTRIBUTES_PATTERN_H
#define SLUICE_PLUGINS_FORMATS_ATTRIBUTES_PATTERN_H

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace sluice::formats {

class Pattern {
 public:
  // What is wrong with it, for users; empty if nothing is.
  static std::string problem(std::string_view text);

  // REQUIRES: problem(text) is empty.
  explicit Pattern(std::string_view text);
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  // Anywhere in the text. [any thread]
  bool matches(std::string_view text) const;
  // What the groups matched; a group that took no part is the empty text. REQUIRES: room for all groups. [any thread]
  bool match_groups(std::string_view text, std::span<std::string_view> groups) const;
  // Names of the groups in order; that of an unnamed one is empty.
  const std::vector<std::string>& groups() const { return groups_; }

  static constexpr size_t kMaxGroups = 64;

 private:
  std::unique_ptr<re2::RE2> regex_;
  std::vector<std::string> groups_;
};

// What is wrong with the pattern of an action that takes its groups as attributes.
std::string extraction_problem(std::string_view pattern);

}  // namespace sluice::formats

#endif  // SLUICE_PLUGINS_FORMATS_ATTRIBUTES_PATTERN_H
