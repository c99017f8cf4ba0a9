// SPDX-License-Identifier: Apache-2.0
// Where the telemetry of a group goes: path with its * replaced by the group's name. The name comes from whoever sends
// telemetry, so no name leads out of the folder in front of the *.
#ifndef SLUICE_EXPORTERS_FILE_GROUP_PATH_H
#define SLUICE_EXPORTERS_FILE_GROUP_PATH_H

#include <string>
#include <string_view>

namespace sluice::exporters {

class GroupPath {
 public:
  // `pattern` has one *, not at its beginning.
  explicit GroupPath(std::string_view pattern);
  // Always begins with what is in front of the *, and has no "." and ".." in it.
  std::string of(std::string_view name) const;

 private:
  std::string prefix_, suffix_;
};

// The shortest path that means the same, looking at nothing but the text: "a/./b//../c" is "a/c", "" is ".".
std::string clean_path(std::string_view path);
// The folder that the file is in; "." if the path has none.
std::string folder_of(std::string_view path);

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_FILE_GROUP_PATH_H
