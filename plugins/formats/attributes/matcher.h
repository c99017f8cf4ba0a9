// SPDX-License-Identifier: Apache-2.0
// `include` and `exclude` in the form that items are held against: an item is selected if include is absent or matches,
// and exclude is absent or does not. What resource, scope and metric decide is decided once for all items inside.
#ifndef SLUICE_PLUGINS_FORMATS_ATTRIBUTES_MATCHER_H
#define SLUICE_PLUGINS_FORMATS_ATTRIBUTES_MATCHER_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/formats/attributes/match_config.h"
#include "plugins/formats/attributes/pattern.h"
#include "plugins/wire/schema.h"
#include "plugins/wire/signal.h"
#include "plugins/wire/views.h"

namespace sluice::formats {

// Texts or patterns, one of which has to match. Immutable.
class TextSet {
 public:
  TextSet() = default;
  TextSet(MatchType type, const std::vector<std::string>& texts);
  bool empty() const { return texts_.empty() && patterns_.empty(); }
  bool matches(std::string_view text) const;

 private:
  std::vector<std::string> texts_;  // sorted
  std::vector<Pattern> patterns_;
};

// Attributes that all have to be there with their values. Immutable.
class AttributeConditions {
 public:
  AttributeConditions() = default;
  AttributeConditions(MatchType type, const std::vector<AttributeMatchConfig>& conditions);
  bool empty() const { return conditions_.empty(); }
  bool match(const wire::Attributes& attributes) const;

 private:
  struct Condition {
    std::string key;
    std::optional<std::string> value;  // an encoded AnyValue
    std::optional<Pattern> pattern;
  };
  std::vector<Condition> conditions_;
};

// One MatchConfig. Immutable, for any number of threads.
class Matcher {
 public:
  explicit Matcher(const MatchConfig& config);

  bool asks_item() const { return asks_item_; }
  bool asks_metric() const { return !metric_names_.empty(); }
  bool asks_scope() const { return !libraries_.empty(); }
  bool matches_resource(const wire::Attributes& attributes) const;
  bool matches_scope(const wire::Scope& scope) const;
  bool matches_metric(std::string_view name) const { return metric_names_.empty() || metric_names_.matches(name); }
  // A span, log record or data point. `scratch` is for bodies that are no texts.
  bool matches_item(wire::Message type, wire::Bytes item, std::string& scratch) const;

 private:
  struct Library {
    TextSet name, version;
  };
  bool matches_log(const wire::LogRecord& record, std::string& scratch) const;

  TextSet services_, span_names_, span_kinds_, log_bodies_, log_severity_texts_, metric_names_;
  std::optional<LogSeverityMatchConfig> log_severity_number_;
  AttributeConditions attributes_, resources_;
  std::vector<Library> libraries_;
  bool asks_item_;
};

// What a processor selects of a message, for a walk through it from the outside in. Of one thread at a time.
class Selection {
 public:
  Selection(const std::optional<MatchConfig>& include, const std::optional<MatchConfig>& exclude);

  bool selects_all() const { return !include_ && !exclude_; }
  // The walk goes into a ResourceSpans, ScopeLogs, Metric or the like. False: nothing inside is selected.
  bool enter(wire::Message type, wire::Bytes body);
  // An item inside of what was entered last.
  bool selects(wire::Message type, wire::Bytes item);

 private:
  // What has been found out about one Matcher on the way in.
  struct Path {
    bool resource = true, scope = true, metric = true;
    bool all() const { return resource && scope && metric; }
  };
  static void look(const Matcher& matcher, wire::Message type, wire::Bytes body, Path& path);

  std::optional<Matcher> include_, exclude_;
  Path include_path_, exclude_path_;
  std::string scratch_;
};

}  // namespace sluice::formats

#endif  // SLUICE_PLUGINS_FORMATS_ATTRIBUTES_MATCHER_H
