// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/loki/push.h"

#include <algorithm>
#include <string_view>

#include "plugins/formats/value_text/value_text.h"
#include "plugins/wire/writer.h"

namespace sluice::formats::loki {
namespace {

constexpr std::string_view kHintPrefix = "loki.";
constexpr std::string_view kResourceLabels = "loki.resource.labels", kAttributeLabels = "loki.attribute.labels",
                           kFormat = "loki.format", kTenant = "loki.tenant";
constexpr uint64_t kSecond = 1'000'000'000;
constexpr size_t kExpectedLine = 128;  // so that a length takes two bytes, as most do: less is moved afterwards

void collect(const wire::Attributes& from, std::vector<wire::KeyValue>& to) {
  to.clear();
  for (const wire::KeyValue& attribute : from) to.push_back(attribute);
}

// A header has to carry it.
bool is_tenant(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; });
}

}  // namespace

void add_to_runs(std::vector<Run>& runs, uint64_t item) {
  if (!runs.empty() && runs.back().first + runs.back().count == item)
    ++runs.back().count;
  else
    runs.push_back({item, 1});
}

std::string Push::take_message() {
  size_t size = 0;
  for (const Stream& stream : streams) size += stream.labels.size() + stream.encoded.size() + 20;
  std::string out;
  out.reserve(size);
  wire::Writer writer(out);
  for (Stream& stream : streams) {
    const size_t body = writer.begin_message(1, stream.labels.size() + stream.encoded.size());
    writer.text(1, stream.labels);
    writer.fields(wire::to_bytes(stream.encoded.view()));
    writer.end_message(body);
    stream.encoded = {};
  }
  return out;
}

bool PushBuilder::is_hint(std::string_view key) {
  return key.starts_with(kHintPrefix) &&
         (key == kResourceLabels || key == kAttributeLabels || key == kFormat || key == kTenant);
}

PushBuilder::Hints PushBuilder::hints_of(AttributeList attributes) {
  Hints hints;
  for (const wire::KeyValue& attribute : attributes) {
    if (!attribute.key.starts_with(kHintPrefix)) continue;
    if (attribute.key == kResourceLabels) hints.resource_labels = &attribute.value;
    if (attribute.key == kAttributeLabels) hints.attribute_labels = &attribute.value;
    if (attribute.key == kFormat) hints.format = &attribute.value;
    if (attribute.key == kTenant) hints.tenant = &attribute.value;
  }
  return hints;
}

void PushBuilder::add(wire::Bytes message) {
  for (const wire::ResourceLogs& resource : wire::logs(message)) {
    begin_resource(resource.resource);
    for (const wire::ScopeLogs& scope : resource.scopes) {
      begin_scope(scope.scope);
      for (const wire::LogRecord& record : scope.items) {
        add_record(record);
        ++item_;
      }
    }
  }
}

void PushBuilder::begin_resource(const wire::Resource& resource) {
  collect(resource.attributes, resource_);
  resource_hints_ = hints_of(resource_);
  labels_.cut(0);
  if (defaults_.exporter) labels_.add("exporter", "OTLP");
  const wire::AnyValue* service = find(resource_, "service.name");
  if (defaults_.job && service != nullptr) {
    text_.clear();
    if (const wire::AnyValue* space = find(resource_, "service.namespace")) {
      append_value(text_, *space);
      text_ += '/';
    }
    append_value(text_, *service);
    labels_.add("job", text_);
  }
  const wire::AnyValue* instance = find(resource_, "service.instance.id");
  if (defaults_.instance && instance != nullptr) labels_.add("instance", *instance);
  if (resource_hints_.resource_labels != nullptr) labels_.add_hinted(resource_, *resource_hints_.resource_labels);
  if (resource_hints_.tenant != nullptr) labels_.add_hinted(resource_, *resource_hints_.tenant);
  resource_labels_ = labels_.size();

  resource_keys_.assign(resource_, in_lines());
  for (Part& part : resource_parts_) part.made = false;
  ++resource_number_;
}

void PushBuilder::begin_scope(const wire::Scope& scope) {
  scope_ = scope;
  for (Part& part : scope_parts_) part.made = false;
}

void PushBuilder::add_record(const wire::LogRecord& record) {
  collect(record.attributes, attributes_);
  size_t slot = static_cast<uint32_t>(record.severity_number);
  for (const wire::KeyValue& attribute : attributes_) slot = slot * 31 + attribute.key.size();
  Kind& kind = kinds_[slot % kinds_.size()];
  if (!is_of(kind, record)) {
    if (const auto why = find_kind(record, kind)) return refuse(*why);
  }
  Push& push = pushes_[kind.place.push];
  add_to_runs(push.items, item_);
  ++push.entries;
  Stream& to = push.streams[kind.place.stream];
  ++to.entries;
  const uint64_t time = record.time_unix_nano != 0            ? record.time_unix_nano
                        : record.observed_time_unix_nano != 0 ? record.observed_time_unix_nano
                                                              : now_unix_ns_;
  wire::Writer writer(to.encoded);
  const size_t entry = writer.begin_message(2, kExpectedLine);
  writer.message(1, [time](auto& timestamp) {
    if (time / kSecond != 0) timestamp.varint(1, time / kSecond);
    if (time % kSecond != 0) timestamp.varint(2, time % kSecond);
  });
  const size_t line = writer.begin_message(2, kExpectedLine);
  append_line(to.encoded, kind.format, record, attributes_, kind.line, {kind.resource_part, scope_part(kind.format)});
  writer.end_message(line);
  writer.end_message(entry);
}

bool PushBuilder::is_of(const Kind& kind, const wire::LogRecord& record) const {
  return kind.resource == resource_number_ && kind.severity == record.severity_number &&
         std::equal(attributes_.begin(), attributes_.end(), kind.keys.begin(), kind.keys.end(),
                    [](const wire::KeyValue& attribute, std::string_view key) { return attribute.key == key; });
}

std::optional<Refusal> PushBuilder::find_kind(const wire::LogRecord& record, Kind& kind) {
  kind.resource = 0;
  const Hints hints = hints_of(attributes_);
  if (!find_format(hints, kind.format)) return Refusal::unknown_format;
  if (!find_tenant(hints)) return Refusal::bad_tenant;
  const bool same_labels = add_labels(record, hints);
  key_ = tenant_;
  key_ += '\0';
  labels_.render(key_);
  if (key_.size() == tenant_.size() + 1) return Refusal::no_labels;
  kind.place = place();
  kind.line.assign(attributes_, in_lines());
  const bool same_resource_part = find_resource_part(kind);
  if (!same_labels || !same_resource_part) return std::nullopt;

  kind.resource = resource_number_;
  kind.severity = record.severity_number;
  kind.keys.clear();
  for (const wire::KeyValue& attribute : attributes_) kind.keys.push_back(attribute.key);
  return std::nullopt;
}

// The resource's hint goes before the record's.
bool PushBuilder::find_format(const Hints& hints, LineFormat& to) const {
  const wire::AnyValue* hint = resource_hints_.format != nullptr ? resource_hints_.format : hints.format;
  const auto format = hint == nullptr ? LineFormat::json : line_format_of(hint->text());
  if (format) to = *format;
  return format.has_value();
}

bool PushBuilder::find_tenant(const Hints& hints) {
  tenant_.clear();
  const wire::AnyValue* hint = resource_hints_.tenant != nullptr ? resource_hints_.tenant : hints.tenant;
  if (hint == nullptr) return true;
  const wire::AnyValue* tenant = find(resource_, hint->text());
  if (tenant == nullptr) tenant = find(attributes_, hint->text());
  if (tenant != nullptr && tenant->type == wire::AnyValue::Type::string) tenant_ = tenant->text();
  return is_tenant(tenant_);
}

bool PushBuilder::add_labels(const wire::LogRecord& record, const Hints& hints) {
  bool same = !hints.any() && resource_hints_.tenant == nullptr;
  labels_.cut(resource_labels_);
  if (hints.resource_labels != nullptr) labels_.add_hinted(resource_, *hints.resource_labels);
  if (hints.attribute_labels != nullptr) labels_.add_hinted(attributes_, *hints.attribute_labels);
  if (defaults_.level && record.severity_number != 0) {
    const wire::AnyValue* level = find(attributes_, "level");
    if (level != nullptr)
      labels_.add("level", *level);
    else
      labels_.add("level", level_of(record.severity_number));
    same = same && level == nullptr;
  }
  if (resource_hints_.tenant == nullptr && hints.tenant != nullptr) labels_.add_hinted(attributes_, *hints.tenant);
  return same;
}

PushBuilder::Place PushBuilder::place() {
  if (key_ == last_key_ && !pushes_.empty()) return last_place_;
  auto at = places_.find(key_);
  if (at == places_.end()) {
    auto push = std::find_if(pushes_.begin(), pushes_.end(), [this](const Push& one) { return one.tenant == tenant_; });
    if (push == pushes_.end()) {
      pushes_.emplace_back().tenant = tenant_;
      push = pushes_.end() - 1;
    }
    push->streams.emplace_back().labels = key_.substr(tenant_.size() + 1);
    const auto index = static_cast<size_t>(push - pushes_.begin());
    at = places_.emplace(key_, Place{index, push->streams.size() - 1}).first;
  }
  last_key_ = key_;
  return last_place_ = at->second;
}

bool PushBuilder::find_resource_part(Kind& kind) {
  kind.resource_part = {};
  if (kind.format == LineFormat::raw) return true;
  const auto taken = [this](const auto& at) { return labels_.has(resource_[at.index].key, resource_labels_); };
  if (std::any_of(resource_keys_.begin(), resource_keys_.end(), taken)) {
    LineKeys left;
    left.assign(resource_, in_lines());
    other_resource_part_.clear();
    append_resource_part(other_resource_part_, kind.format, resource_, left);
    kind.resource_part = other_resource_part_.view();
    return false;
  }
  Part& part = resource_parts_[static_cast<size_t>(kind.format)];
  if (!part.made) {
    part.text.clear();
    append_resource_part(part.text, kind.format, resource_, resource_keys_);
    part.made = true;
  }
  kind.resource_part = part.text.view();
  return true;
}

std::string_view PushBuilder::scope_part(LineFormat format) {
  if (format == LineFormat::raw) return {};
  Part& part = scope_parts_[static_cast<size_t>(format)];
  if (!part.made) {
    part.text.clear();
    append_scope_part(part.text, format, scope_);
    part.made = true;
  }
  return part.text.view();
}

void PushBuilder::refuse(Refusal why) {
  add_to_runs(refused_.items, item_);
  ++refused_.counts[static_cast<size_t>(why)];
}

}  // namespace sluice::formats::loki
