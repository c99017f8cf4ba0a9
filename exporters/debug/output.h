// SPDX-License-Identifier: Apache-2.0
// The exporter's own printing, for use_internal_logger: false: the message and, behind a tab, its fields, without time
// and level, as the OpenTelemetry Collector prints it.
#ifndef SLUICE_EXPORTERS_DEBUG_OUTPUT_H
#define SLUICE_EXPORTERS_DEBUG_OUTPUT_H

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::exporters {

using Counts = std::vector<std::pair<std::string_view, uint64_t>>;

// "Traces\t{"resource spans": 1, "spans": 1}\n"
std::string console_line(std::string_view message, const Counts& counts);

class Output {
 public:
  Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() { close(); }

  // Opens all; on failure nothing stays open and the text says which and why. Empty: all are open.
  std::string open(const std::vector<std::string>& paths);
  // One line to each, whole: lines of several threads do not mix. Empty, or which could not be written and why.
  std::string write(std::string_view line);
  void close();

 private:
  struct Sink {
    int fd;
    bool owned;
    std::string path;
  };
  std::mutex mutex_;
  std::vector<Sink> sinks_;
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_DEBUG_OUTPUT_H
