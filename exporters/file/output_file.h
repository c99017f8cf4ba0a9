// SPDX-License-Identifier: Apache-2.0
// One file that records are appended to. After each call it holds whole records only: what could not be written whole
// is cut off again. Others may move or remove the file at any time: the next record begins a new one under its name.
#ifndef SLUICE_EXPORTERS_FILE_OUTPUT_FILE_H
#define SLUICE_EXPORTERS_FILE_OUTPUT_FILE_H

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "exporters/file/backups.h"
#include "exporters/file/record.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/log.h"

namespace sluice::exporters {

struct OutputPlan {
  Framing framing = Framing::lines;
  std::optional<BackupPolicy> rotation;
  bool make_folders = false;
  uint32_t folder_mode = 0755;
};

// Nothing was written.
struct WriteProblem {
  int error = 0;  // errno
  std::string text;
};

class OutputFile {
 public:
  OutputFile(Host host, const OutputPlan& plan, std::string path) : host_(host), plan_(plan), path_(std::move(path)) {}
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile() { close(); }

  const std::string& path() const { return path_; }
  // Ready to append; what is in the file is kept, or not.
  [[nodiscard]] std::optional<WriteProblem> open(bool keep);
  [[nodiscard]] std::optional<WriteProblem> append(std::string_view record);

 private:
  std::optional<WriteProblem> prepare(uint64_t bytes);
  std::optional<WriteProblem> mend_tail();
  std::optional<WriteProblem> rotate();
  std::optional<WriteProblem> cut_torn();
  WriteProblem problem(const char* what) const;  // with errno
  void close();

  const Host host_;
  const OutputPlan plan_;
  const std::string path_;
  int fd_ = -1;
  bool regular_ = false;  // others, such as pipes, have no size and cannot be cut
  uint64_t size_ = 0;
  std::optional<uint64_t> torn_at_;  // half a record is behind this that could not be cut off yet
  LogLimit warnings_;
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_FILE_OUTPUT_FILE_H
