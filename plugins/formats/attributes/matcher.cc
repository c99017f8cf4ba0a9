// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/attributes/matcher.h"

#include <algorithm>
#include <charconv>

#include "plugins/formats/attributes/values.h"
#include "plugins/formats/value_text/value_text.h"
#include "plugins/wire/metric_views.h"

namespace sluice::formats {
namespace {

using Type = wire::AnyValue::Type;

// What upstream compares with where a resource has no service.name.
constexpr std::string_view kNoService = "<nil-service-name>";

std::string_view text_of(const wire::AnyValue& value, std::string& scratch) {
  if (value.type == Type::string) return value.text();
  scratch.clear();
  append_value(scratch, value);
  return scratch;
}

std::string_view kind_name(int32_t kind) {
  for (const wire::EnumValue& known : wire::tables::kSpanKinds) {
    if (known.number == kind) return known.name;
  }
  return {};
}

// Scalars as patterns see them; doubles without an exponent. False for others, which no pattern matches.
bool pattern_matches(const Pattern& pattern, const wire::AnyValue& value) {
  char text[350];  // the longest double in fixed notation
  const auto matches = [&](std::to_chars_result result) {
    return pattern.matches({text, static_cast<size_t>(result.ptr - text)});
  };
  switch (value.type) {
    case Type::string:
      return pattern.matches(value.text());
    case Type::boolean:
      return pattern.matches(value.boolean() ? "true" : "false");
    case Type::integer:
      return matches(std::to_chars(text, text + sizeof text, value.integer()));
    case Type::float64:
      return matches(std::to_chars(text, text + sizeof text, value.float64(), std::chars_format::fixed));
    default:
      return false;
  }
}

// The attributes of a data point of any kind.
wire::Attributes attributes_of(wire::Message type, wire::Bytes item) {
  switch (type) {
    case wire::Message::number_data_point:
      return wire::NumberDataPoint(item).attributes;
    case wire::Message::histogram_data_point:
      return wire::HistogramDataPoint(item).attributes;
    case wire::Message::exponential_histogram_data_point:
      return wire::ExponentialHistogramDataPoint(item).attributes;
    default:
      return wire::SummaryDataPoint(item).attributes;
  }
}

// The message in a field that is there once.
wire::Bytes only_field(wire::Bytes body, uint32_t number) {
  for (wire::Cursor field(body); field.next();) {
    if (field.number() == number && field.has(wire::WireType::length)) return field.bytes();
  }
  return {};
}

}  // namespace

TextSet::TextSet(MatchType type, const std::vector<std::string>& texts) {
  if (type == MatchType::strict) {
    texts_ = texts;
    std::sort(texts_.begin(), texts_.end());
  } else {
    for (const std::string& text : texts) patterns_.emplace_back(text);
  }
}

bool TextSet::matches(std::string_view text) const {
  if (!texts_.empty()) return std::binary_search(texts_.begin(), texts_.end(), text, std::less<>());
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const Pattern& pattern) { return pattern.matches(text); });
}

AttributeConditions::AttributeConditions(MatchType type, const std::vector<AttributeMatchConfig>& conditions) {
  for (const AttributeMatchConfig& config : conditions) {
    Condition& condition = conditions_.emplace_back();
    condition.key = config.key;
    if (config.value.kind == SLUICE_NULL) continue;
    if (type == MatchType::regexp) {
      condition.pattern.emplace(config.value.string);
    } else {
      condition.value = encode_value(config.value);
    }
  }
}

bool AttributeConditions::match(const wire::Attributes& attributes) const {
  return std::all_of(conditions_.begin(), conditions_.end(), [&](const Condition& condition) {
    const auto value = wire::find(attributes, condition.key);
    if (!value) return false;
    if (condition.pattern) return pattern_matches(*condition.pattern, *value);
    return !condition.value || equal_values(wire::AnyValue(wire::to_bytes(*condition.value)), *value);
  });
}

Matcher::Matcher(const MatchConfig& config)
    : services_(config.match_type, config.services),
      span_names_(config.match_type, config.span_names),
      span_kinds_(config.match_type, config.span_kinds),
      log_bodies_(config.match_type, config.log_bodies),
      log_severity_texts_(config.match_type, config.log_severity_texts),
      metric_names_(config.match_type, config.metric_names),
      log_severity_number_(config.log_severity_number),
      attributes_(config.match_type, config.attributes),
      resources_(config.match_type, config.resources),
      asks_item_(!span_names_.empty() || !span_kinds_.empty() || !log_bodies_.empty() || !log_severity_texts_.empty() ||
                 log_severity_number_ || !attributes_.empty()) {
  for (const LibraryMatchConfig& library : config.libraries) {
    Library& added = libraries_.emplace_back();
    added.name = TextSet(config.match_type, {library.name});
    if (library.version.kind == SLUICE_STRING) added.version = TextSet(config.match_type, {library.version.string});
  }
}

bool Matcher::matches_resource(const wire::Attributes& attributes) const {
  if (!services_.empty()) {
    std::string scratch;
    const auto service = wire::find(attributes, "service.name");
    if (!services_.matches(service ? text_of(*service, scratch) : kNoService)) return false;
  }
  return resources_.match(attributes);
}

bool Matcher::matches_scope(const wire::Scope& scope) const {
  return libraries_.empty() || std::any_of(libraries_.begin(), libraries_.end(), [&](const Library& library) {
           return library.name.matches(scope.name) &&
                  (library.version.empty() || library.version.matches(scope.version));
         });
}

bool Matcher::matches_log(const wire::LogRecord& record, std::string& scratch) const {
  if (!log_bodies_.empty() && !log_bodies_.matches(text_of(record.body, scratch))) return false;
  if (!log_severity_texts_.empty() && !log_severity_texts_.matches(record.severity_text)) return false;
  if (log_severity_number_ && (record.severity_number == 0 ? !log_severity_number_->match_undefined
                                                           : record.severity_number < log_severity_number_->min))
    return false;
  return attributes_.match(record.attributes);
}

bool Matcher::matches_item(wire::Message type, wire::Bytes item, std::string& scratch) const {
  if (type == wire::Message::log_record) return matches_log(wire::LogRecord(item), scratch);
  if (type == wire::Message::span) {
    const wire::Span span(item);
    return (span_names_.empty() || span_names_.matches(span.name)) &&
           (span_kinds_.empty() || span_kinds_.matches(kind_name(span.kind))) && attributes_.match(span.attributes);
  }
  return attributes_.match(attributes_of(type, item));
}

Selection::Selection(const std::optional<MatchConfig>& include, const std::optional<MatchConfig>& exclude) {
  if (include) include_.emplace(*include);
  if (exclude) exclude_.emplace(*exclude);
}

void Selection::look(const Matcher& matcher, wire::Message type, wire::Bytes body, Path& path) {
  using wire::Message;
  switch (type) {
    case Message::resource_spans:
    case Message::resource_logs:
    case Message::resource_metrics:
      path = {matcher.matches_resource(wire::Resource(only_field(body, 1)).attributes), true, true};
      break;
    case Message::scope_spans:
    case Message::scope_logs:
    case Message::scope_metrics:
      path.scope = !matcher.asks_scope() || matcher.matches_scope(wire::Scope(only_field(body, 1)));
      path.metric = true;
      break;
    case Message::metric:
      path.metric = !matcher.asks_metric() || matcher.matches_metric(wire::Metric(body).name);
      break;
    default:
      break;
  }
}

bool Selection::enter(wire::Message type, wire::Bytes body) {
  if (include_) {
    look(*include_, type, body, include_path_);
    if (!include_path_.all()) return false;
  }
  if (!exclude_) return true;
  look(*exclude_, type, body, exclude_path_);
  // What may still be asked decides whether all inside is excluded already.
  const bool asked_all = type == wire::Message::metric || !exclude_->asks_metric();
  const bool scope_known =
      !exclude_->asks_scope() || !(type == wire::Message::resource_spans || type == wire::Message::resource_logs ||
                                   type == wire::Message::resource_metrics);
  return !(exclude_path_.all() && asked_all && scope_known && !exclude_->asks_item());
}

bool Selection::selects(wire::Message type, wire::Bytes item) {
  if (include_ && include_->asks_item() && !include_->matches_item(type, item, scratch_)) return false;
  if (!exclude_ || !exclude_path_.all()) return true;
  return exclude_->asks_item() && !exclude_->matches_item(type, item, scratch_);
}

}  // namespace sluice::formats
