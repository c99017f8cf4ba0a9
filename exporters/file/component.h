// SPDX-License-Identifier: Apache-2.0
// The file exporter: each batch becomes a record of a file, or one of each group's file. A batch is answered when its
// record has been written; nothing is held back.
#ifndef SLUICE_EXPORTERS_FILE_COMPONENT_H
#define SLUICE_EXPORTERS_FILE_COMPONENT_H

#include <atomic>
#include <optional>
#include <string>

#include "exporters/file/config.h"
#include "exporters/file/group_path.h"
#include "exporters/file/output_files.h"
#include "exporters/file/record.h"
#include "plugins/sdk/component.h"

namespace sluice::exporters {

class File final : public Exporter {
 public:
  using Config = FileConfig;
  File(Host host, Config config);
  sluice_status start() override;
  void stop(uint64_t deadline_mono_ns) override;
  sluice_status consume(const Call& call) override;

 private:
  Result write_whole(const sluice_batch& batch);
  Result write_groups(const sluice_batch& batch);
  bool too_large(const std::string& record) const;
  Result refuse_large(const std::string& record) const;
  void report(const WriteProblem* problem);

  const Config config_;
  const RecordFormat format_;
  const std::optional<BackupPolicy> rotation_;
  const std::optional<GroupPath> group_path_;
  OutputFiles files_;
  std::atomic<bool> degraded_{false};
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_FILE_COMPONENT_H
