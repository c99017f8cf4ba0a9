// SPDX-License-Identifier: Apache-2.0
// The files of one exporter, so many of them open at once. All its signals and threads share them; records go in one
// after another.
#ifndef SLUICE_EXPORTERS_FILE_OUTPUT_FILES_H
#define SLUICE_EXPORTERS_FILE_OUTPUT_FILES_H

#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "exporters/file/output_file.h"
#include "plugins/sdk/host.h"

namespace sluice::exporters {

class OutputFiles {
 public:
  // `append`: keep what is in a file when it is opened for the first time.
  OutputFiles(Host host, const OutputPlan& plan, bool append, size_t max_open)
      : host_(host), plan_(plan), append_(append), max_open_(max_open) {}

  // Opens the file, so that a wrong path shows at the start.
  [[nodiscard]] std::optional<WriteProblem> open(const std::string& path);
  [[nodiscard]] std::optional<WriteProblem> append(const std::string& path, std::string_view record);
  void close();

 private:
  struct Found {
    OutputFile* file = nullptr;
    std::optional<WriteProblem> problem;
  };
  Found find(const std::string& path);

  const Host host_;
  const OutputPlan plan_;
  const bool append_;
  const size_t max_open_;
  std::mutex mutex_;
  std::list<OutputFile> open_;  // the latest used first
  std::unordered_map<std::string_view, std::list<OutputFile>::iterator> by_path_;
  std::unordered_set<std::string> begun_;  // have been emptied: opened again, they are continued
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_FILE_OUTPUT_FILES_H
