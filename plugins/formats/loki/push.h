// SPDX-License-Identifier: Apache-2.0
// Log records as messages of Loki's push API (logproto.PushRequest), one for each tenant. Records of one set of labels
// make a stream, in the order in which they come. Attributes that begin with `loki.` are hints: which attributes become
// labels, what a line looks like, whose logs they are.
#ifndef SLUICE_PLUGINS_FORMATS_LOKI_PUSH_H
#define SLUICE_PLUGINS_FORMATS_LOKI_PUSH_H

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "plugins/formats/loki/labels.h"
#include "plugins/formats/loki/line.h"
#include "plugins/wire/signal.h"
#include "plugins/wire/views.h"

namespace sluice::formats::loki {

// Records [first, first + count) of all that were added.
struct Run {
  uint64_t first = 0;
  uint64_t count = 0;
};
// Makes the last run one longer, or begins another.
void add_to_runs(std::vector<Run>& runs, uint64_t item);

struct Stream {
  std::string labels;  // {a="b", c="d"}
  uint64_t entries = 0;
  TextBuffer encoded;  // the entries as fields of a StreamAdapter
};

struct Push {
  std::string tenant;  // empty: none was named
  std::vector<Stream> streams;
  std::vector<Run> items;
  uint64_t entries = 0;

  // As a PushRequest, not compressed. What was encoded is freed on the way; labels and counts stay.
  std::string take_message();
};

enum class Refusal : uint8_t { no_labels, unknown_format, bad_tenant };
inline constexpr size_t kRefusals = 3;

// Records that cannot be sent.
struct Refused {
  std::vector<Run> items;
  uint64_t counts[kRefusals] = {};
};

class PushBuilder {
 public:
  // `now_unix_ns`: the time of records without one.
  PushBuilder(const DefaultLabels& defaults, uint64_t now_unix_ns) : defaults_(defaults), now_unix_ns_(now_unix_ns) {}

  // A LogsData. It must stay where it is until this returns.
  void add(wire::Bytes message);

  // In the order in which tenants first came; none of them is empty.
  std::vector<Push> take_pushes() { return std::move(pushes_); }
  const Refused& refused() const { return refused_; }

 private:
  // What the attributes of a resource or of a record ask for; null where they do not.
  struct Hints {
    const wire::AnyValue* resource_labels = nullptr;
    const wire::AnyValue* attribute_labels = nullptr;
    const wire::AnyValue* format = nullptr;
    const wire::AnyValue* tenant = nullptr;
    bool any() const {
      return resource_labels != nullptr || attribute_labels != nullptr || format != nullptr || tenant != nullptr;
    }
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct Place {
    size_t push = 0, stream = 0;
  };
  // What records of one resource share if they have the same severity and attributes of the same keys: where they go
  // and what their lines have besides the values. Not so if a label is made of a value, or there is a hint.
  struct Kind {
    uint64_t resource = 0;  // its number; none: this is for one record
    int32_t severity = 0;
    std::vector<std::string_view> keys;  // of the attributes as they came
    Place place;
    LineFormat format = LineFormat::json;
    LineKeys line;
    std::string_view resource_part;
  };
  struct Part {
    TextBuffer text;
    bool made = false;
  };

  static bool is_hint(std::string_view key);
  static Hints hints_of(AttributeList attributes);

  void begin_resource(const wire::Resource& resource);
  void begin_scope(const wire::Scope& scope);
  void add_record(const wire::LogRecord& record);
  bool is_of(const Kind& kind, const wire::LogRecord& record) const;
  // Why the record is refused, else what it shares with others.
  std::optional<Refusal> find_kind(const wire::LogRecord& record, Kind& kind);
  // False: with other values in the same attributes they would be others.
  bool add_labels(const wire::LogRecord& record, const Hints& hints);
  bool find_format(const Hints& hints, LineFormat& format) const;
  bool find_tenant(const Hints& hints);
  Place place();
  // False: the labels take more from it than those of other records.
  bool find_resource_part(Kind& kind);
  std::string_view scope_part(LineFormat format);
  // Whether a line has an attribute of that key: no hint, no label.
  auto in_lines() const {
    return [this](std::string_view key) { return !is_hint(key) && !labels_.has(key); };
  }
  void refuse(Refusal why);

  const DefaultLabels defaults_;
  const uint64_t now_unix_ns_;
  std::vector<Push> pushes_;
  std::unordered_map<std::string, Place, Hash, std::equal_to<>> places_;  // by tenant and labels
  Refused refused_;
  uint64_t item_ = 0;

  // Of the resource and the scope that are being read.
  std::vector<wire::KeyValue> resource_;  // its attributes as they came
  LineKeys resource_keys_;                // of those that lines have: without hints and labels
  Hints resource_hints_;
  size_t resource_labels_ = 0;  // so many of labels_ are the resource's
  uint64_t resource_number_ = 0;
  wire::Scope scope_;
  Part resource_parts_[kLineFormats], scope_parts_[kLineFormats];
  TextBuffer other_resource_part_;  // for a record of which a label takes more from the resource

  // Of the record.
  std::vector<wire::KeyValue> attributes_;
  Labels labels_;
  std::string text_, tenant_, key_, last_key_;
  Place last_place_;
  std::array<Kind, 16> kinds_;  // each where the lengths of its keys put it
};

}  // namespace sluice::formats::loki

#endif  // SLUICE_PLUGINS_FORMATS_LOKI_PUSH_H
