// SPDX-License-Identifier: Apache-2.0
#include "exporters/file/component.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "plugins/net/byte_buffer.h"
#include "plugins/wire/metric_views.h"
#include "plugins/wire/split.h"
#include "plugins/wire/views.h"

namespace sluice::exporters {
namespace {

constexpr uint64_t kMiB = 1 << 20;

std::optional<BackupPolicy> policy_of(const FileConfig& config) {
  if (!config.rotation) return std::nullopt;
  const RotationConfig& c = config.rotation.value;
  return BackupPolicy{(c.max_megabytes == 0 ? 100 : c.max_megabytes) * kMiB, c.max_days, c.max_backups, c.localtime};
}

OutputPlan plan_of(const FileConfig& config, const RecordFormat& format, const std::optional<BackupPolicy>& rotation) {
  const bool folders = config.create_directory || config.group_by.enabled || rotation;
  return {format.framing(), rotation, folders, config.directory_mode()};
}

// Messages one behind the other are one message.
class Joined {
 public:
  explicit Joined(const sluice_batch& batch) {
    const std::span<const sluice_segment> parts = segments(batch);
    if (parts.size() == 1) {
      view_ = wire::to_text(bytes(parts.front()));
      return;
    }
    memory_.grow(batch.length_bytes);
    for (const sluice_segment& part : parts) memory_.append(wire::to_text(bytes(part)));
    view_ = memory_.view();
  }
  std::string_view view() const { return view_; }

 private:
  net::ByteBuffer memory_;
  std::string_view view_;
};

struct ItemRange {
  uint64_t first = 0, count = 0;
};

// What goes into one file: a message of its own, and where its items are in the batch.
struct Group {
  std::string message, record;
  std::vector<ItemRange> items;

  void add(wire::Bytes resource, ItemRange range) {
    message += wire::to_text(resource);
    if (!items.empty() && items.back().first + items.back().count == range.first) {
      items.back().count += range.count;
    } else {
      items.push_back(range);
    }
  }
};

struct Groups {
  std::map<std::string, Group, std::less<>> by_name;
  Group nameless;
};

template <class Read>
Groups group(const sluice_batch& batch, const std::string& attribute, Read read) {
  Groups groups;
  uint64_t first = 0;
  for_each_message(batch, [&](wire::Bytes message, uint64_t) {
    const auto resources = read(message);
    for (auto at = resources.begin(); at != std::default_sentinel; ++at) {
      const ItemRange range{first, wire::count_items(static_cast<wire::Signal>(batch.signal), at.field())};
      first += range.count;
      const auto name = wire::find((*at).resource.attributes, attribute);
      if (!name || name->type != wire::AnyValue::Type::string) {
        groups.nameless.add(at.field(), range);
        continue;
      }
      auto found = groups.by_name.find(name->text());
      if (found == groups.by_name.end()) found = groups.by_name.emplace(name->text(), Group()).first;
      found->second.add(at.field(), range);
    }
  });
  return groups;
}

Groups group(const sluice_batch& batch, const std::string& attribute) {
  switch (batch.signal) {
    case SLUICE_TRACES:
      return group(batch, attribute, wire::traces);
    case SLUICE_METRICS:
      return group(batch, attribute, wire::metrics);
    default:
      return group(batch, attribute, wire::logs);
  }
}

// The path itself is wrong. In a group's path that comes from the telemetry, which will not change.
bool is_of_the_path(int error) {
  return error == ENAMETOOLONG || error == ENOTDIR || error == EISDIR || error == ELOOP || error == EINVAL;
}

// What became of the groups that are not in their files.
class Failures {
 public:
  void add(const Group& group, sluice_status status, Code code, std::string text) {
    if (group.items.empty()) return;
    for (const ItemRange& range : group.items) {
      items_ += range.count;
      ranges_.push_back({range, status, code});
    }
    if (text_.empty()) text_ = std::move(text);
  }
  Result result(uint64_t items) {
    if (ranges_.empty()) return Result::done();
    if (items_ == items && std::all_of(ranges_.begin(), ranges_.end(),
                                       [](const Range& range) { return range.status == SLUICE_FAILED_RETRYABLE; })) {
      return Result::retryable(ranges_.front().code, std::move(text_));
    }
    std::sort(ranges_.begin(), ranges_.end(),
              [](const Range& a, const Range& b) { return a.items.first < b.items.first; });
    Result result = Result::partial(0, std::move(text_));
    for (const Range& range : ranges_) result.range(range.items.first, range.items.count, range.status, range.code);
    return result;
  }

 private:
  struct Range {
    ItemRange items;
    sluice_status status;
    Code code;
  };
  std::vector<Range> ranges_;
  uint64_t items_ = 0;
  std::string text_;
};

}  // namespace

File::File(Host host, Config config)
    : Exporter(host),
      config_(std::move(config)),
      format_{config_.format, config_.compression, config_.compression_params.level},
      rotation_(policy_of(config_)),
      group_path_(config_.group_by.enabled ? std::optional<GroupPath>(config_.path) : std::nullopt),
      files_(host, plan_of(config_, format_, rotation_), config_.append || rotation_,
             group_path_ ? config_.group_by.max_open_files : 1) {}

sluice_status File::start() {
  if (group_path_) return SLUICE_DONE;  // which files there will be, the telemetry says
  const auto problem = files_.open(config_.path);
  return problem ? host().fail(problem->text, Code::failed_precondition) : SLUICE_DONE;
}

void File::stop(uint64_t) {
  files_.close();
}

sluice_status File::consume(const Call& call) {
  return call.reply(group_path_ ? write_groups(call.batch()) : write_whole(call.batch()));
}

bool File::too_large(const std::string& record) const {
  return rotation_ && record.size() > rotation_->max_bytes;
}

Result File::refuse_large(const std::string& record) const {
  return Result::too_large("a record of " + std::to_string(record.size()) +
                           " bytes is larger than rotation::max_megabytes");
}

Result File::write_whole(const sluice_batch& batch) {
  std::string record;
  const Joined message(batch);
  switch (encode_record(format_, batch.signal, message.view(), record)) {
    case Encoded::ok:
      break;
    case Encoded::too_large:
      return Result::too_large("a record cannot be larger than 4 GiB");
    case Encoded::failed:
      return Result::permanent(Code::internal, "the batch cannot be encoded");
  }
  if (too_large(record)) return refuse_large(record);
  const auto problem = files_.append(config_.path, record);
  report(problem ? &*problem : nullptr);
  return problem ? Result::retryable(Code::unavailable, problem->text) : Result::done();
}

Result File::write_groups(const sluice_batch& batch) {
  Groups groups = group(batch, config_.group_by.resource_attribute);
  for (auto& [name, group] : groups.by_name) {
    if (const Encoded encoded = encode_record(format_, batch.signal, group.message, group.record);
        encoded != Encoded::ok)
      return encoded == Encoded::failed ? Result::permanent(Code::internal, "the batch cannot be encoded")
                                        : Result::too_large("a record cannot be larger than 4 GiB");
    if (too_large(group.record)) return refuse_large(group.record);
    group.message = {};
  }
  Failures failures;
  failures.add(groups.nameless, SLUICE_FAILED_PERMANENT, Code::invalid_argument,
               "a resource has no text in its attribute " + config_.group_by.resource_attribute);
  for (const auto& [name, group] : groups.by_name) {
    if (name.find('\0') != std::string::npos) {
      failures.add(group, SLUICE_FAILED_PERMANENT, Code::invalid_argument, "a group's name has a zero byte");
      continue;
    }
    const auto problem = files_.append(group_path_->of(name), group.record);
    if (problem && is_of_the_path(problem->error)) {
      failures.add(group, SLUICE_FAILED_PERMANENT, Code::invalid_argument, problem->text);
      continue;
    }
    report(problem ? &*problem : nullptr);
    if (problem) failures.add(group, SLUICE_FAILED_RETRYABLE, Code::unavailable, problem->text);
  }
  return failures.result(batch.item_count);
}

void File::report(const WriteProblem* problem) {
  if (problem) {
    degraded_ = true;
    host().set_health(SLUICE_HEALTH_DEGRADED, problem->text);
  } else if (degraded_.load(std::memory_order_relaxed) && degraded_.exchange(false)) {
    host().set_health(SLUICE_HEALTH_OK, "");
  }
}

}  // namespace sluice::exporters
