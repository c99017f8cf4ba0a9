// SPDX-License-Identifier: Apache-2.0
#include "exporters/file/output_files.h"

namespace sluice::exporters {

OutputFiles::Found OutputFiles::find(const std::string& path) {
  if (const auto known = by_path_.find(path); known != by_path_.end()) {
    open_.splice(open_.begin(), open_, known->second);
    return {&open_.front(), std::nullopt};
  }
  open_.emplace_front(host_, plan_, path);
  if (auto failed = open_.front().open(append_ || begun_.contains(path))) {
    open_.pop_front();
    return {nullptr, std::move(failed)};
  }
  if (!append_) begun_.insert(path);
  by_path_.emplace(open_.front().path(), open_.begin());
  if (open_.size() > max_open_) {
    by_path_.erase(open_.back().path());
    open_.pop_back();
  }
  return {&open_.front(), std::nullopt};
}

std::optional<WriteProblem> OutputFiles::open(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return find(path).problem;
}

std::optional<WriteProblem> OutputFiles::append(const std::string& path, std::string_view record) {
  const std::lock_guard lock(mutex_);
  Found found = find(path);
  return found.file ? found.file->append(record) : std::move(found.problem);
}

void OutputFiles::close() {
  const std::lock_guard lock(mutex_);
  by_path_.clear();
  open_.clear();
}

}  // namespace sluice::exporters
