// SPDX-License-Identifier: Apache-2.0
#include "exporters/file/group_path.h"

#include <algorithm>
#include <vector>

namespace sluice::exporters {

std::string clean_path(std::string_view path) {
  const bool rooted = path.starts_with('/');
  std::vector<std::string_view> parts;
  for (size_t from = 0; from <= path.size();) {
    const size_t end = std::min(path.find('/', from), path.size());
    const std::string_view part = path.substr(from, end - from);
    from = end + 1;
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (part != ".." || !rooted) {
      parts.push_back(part);
    }
  }
  std::string clean(rooted ? "/" : "");
  for (const std::string_view part : parts) {
    if (!clean.empty() && clean.back() != '/') clean += '/';
    clean += part;
  }
  return clean.empty() ? "." : clean;
}

std::string folder_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

GroupPath::GroupPath(std::string_view pattern)
    : prefix_(clean_path(pattern.substr(0, pattern.find('*')))), suffix_(pattern.substr(pattern.find('*') + 1)) {
  if (pattern[pattern.find('*') - 1] == '/' && prefix_.back() != '/') prefix_ += '/';
}

std::string GroupPath::of(std::string_view name) const {
  if (name.starts_with("./")) {
    name.remove_prefix(1);
  } else if (name.starts_with("../")) {
    name.remove_prefix(2);
  }
  const std::string inner = std::string(name) + suffix_;
  std::string whole = clean_path(prefix_ + inner);
  // Where the prefix itself is "../", whatever climbs further begins with it too.
  if (whole.starts_with(prefix_) && !std::string_view(whole).substr(prefix_.size()).starts_with("..")) return whole;
  // A rooted path cannot be left by "..".
  return clean_path(prefix_ + clean_path("/" + inner));
}

}  // namespace sluice::exporters
