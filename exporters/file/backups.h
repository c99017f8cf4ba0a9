// SPDX-License-Identifier: Apache-2.0
// Files that rotation has moved aside: their names, which have the time in them, and which of them are to go.
#ifndef SLUICE_EXPORTERS_FILE_BACKUPS_H
#define SLUICE_EXPORTERS_FILE_BACKUPS_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::exporters {

struct BackupPolicy {
  uint64_t max_bytes = 100 << 20;  // of the file that is written to
  uint32_t max_days = 0;           // 0: any age
  uint32_t max_backups = 0;        // 0: any number
  bool localtime = false;
};

// "data/out-2022-09-14T05-02-14.173.json" for "data/out.json".
std::string backup_path(std::string_view path, uint64_t unix_ms, bool localtime);

// The time in the name of a backup of `path`, in milliseconds; nothing if `name` is not one. A word behind the time, as
// in "out-2022-09-14T05-02-14.173-size.json", is the newest collectors' way to name them.
std::optional<uint64_t> backup_time(std::string_view path, std::string_view name, bool localtime);

// Removes what the policy does not keep. Returns what could not be removed and why, empty if all went well.
std::string remove_outdated_backups(const std::string& path, const BackupPolicy& policy, uint64_t now_unix_ms);

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_FILE_BACKUPS_H
