// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/attributes/matcher.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "plugins/formats/attributes/for_tests.h"
#include "plugins/testing/config.h"
#include "plugins/testing/messages.h"

namespace sluice::formats {
namespace {

using wire::Signal;

std::optional<MatchConfig> read(const std::string& yaml) {
  if (yaml.empty()) return std::nullopt;
  const auto read = testing::config<MatchConfig>(yaml);
  CHECK(read.said == std::vector<std::string>{});
  return read.settings;
}

// Marks what is selected: an editor that adds an attribute to it.
struct Marking {
  Selection& selection;
  std::string key = wire::key_field("selected");
  std::string value = wire::value_field(wire::bool_value(true));
  int entered = 0, looked_at = 0;

  bool enter(wire::Message type, wire::Bytes body) {
    ++entered;
    return selection.enter(type, body);
  }
  bool begin(wire::Message type, wire::Bytes body) {
    ++looked_at;
    return selection.selects(type, body);
  }
  void attribute(const wire::EncodedAttribute&, wire::AttributeChanges&) {}
  void end(wire::AttributeChanges& changes) { changes.add(wire::to_bytes(key), wire::to_bytes(value)); }
};

// Whether the only item of a message is selected.
bool selects(Signal signal, const std::string& message, const std::string& include, const std::string& exclude = "") {
  Selection selection(read(include), read(exclude));
  Marking marking{selection};
  std::string out;
  return wire::rewrite_attributes(signal, wire::to_bytes(message), wire::Level::item, marking, out);
}

TEST_CASE("matcher: spans", "[formats][attributes]") {
  // Span "GET /" of kind server with http.status=200, of service demo, scope lib.
  const auto span = [](const std::string& include, const std::string& exclude = "") {
    return selects(Signal::traces, testing::sample_traces(), include, exclude);
  };
  CHECK(span(""));
  CHECK(span("{match_type: strict, services: [other, demo]}"));
  CHECK_FALSE(span("{match_type: strict, services: [dem]}"));
  CHECK(span("{match_type: regexp, services: [dem]}"));
  CHECK(span("{match_type: strict, span_names: ['GET /']}"));
  CHECK_FALSE(span("{match_type: regexp, span_names: ['^POST', PUT]}"));
  CHECK(span("{match_type: strict, span_kinds: [SPAN_KIND_SERVER]}"));
  CHECK_FALSE(span("{match_type: strict, span_kinds: [SPAN_KIND_CLIENT]}"));
  CHECK(span("{match_type: regexp, span_kinds: [_SER]}"));
  CHECK(span("{match_type: strict, attributes: [{key: http.status, value: 200}]}"));
  CHECK_FALSE(span("{match_type: strict, attributes: [{key: http.status, value: '200'}]}"));
  CHECK(span("{match_type: regexp, attributes: [{key: http.status, value: '^2..$'}]}"));
  CHECK(span("{match_type: strict, attributes: [{key: http.status}]}"));
  CHECK_FALSE(span("{match_type: strict, attributes: [{key: http.status}, {key: other}]}"));
  CHECK(span("{match_type: strict, resources: [{key: service.name, value: demo}]}"));
  CHECK_FALSE(span("{match_type: strict, resources: [{key: service.name, value: demo}, {key: host.name}]}"));
  CHECK(span("{match_type: strict, libraries: [{name: x}, {name: lib}]}"));
  CHECK(span("{match_type: strict, libraries: [{name: lib, version: ''}]}"));
  CHECK_FALSE(span("{match_type: strict, libraries: [{name: lib, version: '1'}]}"));
  // Between fields: all of them.
  CHECK_FALSE(span("{match_type: strict, services: [demo], span_names: [other]}"));

  CHECK_FALSE(span("", "{match_type: strict, services: [demo]}"));
  CHECK(span("", "{match_type: strict, services: [demo], span_names: [other]}"));
  CHECK_FALSE(span("", "{match_type: strict, services: [demo], libraries: [{name: lib}], span_names: ['GET /']}"));
  CHECK_FALSE(span("{match_type: strict, services: [demo]}", "{match_type: regexp, span_names: [GET]}"));
  CHECK_FALSE(span("{match_type: strict, services: [other]}", "{match_type: regexp, span_names: [POST]}"));
}

TEST_CASE("matcher: log records", "[formats][attributes]") {
  // INFO (9) "hello".
  const auto record = [](const std::string& include) { return selects(Signal::logs, testing::sample_logs(), include); };
  CHECK(record("{match_type: strict, log_bodies: [hello]}"));
  CHECK_FALSE(record("{match_type: strict, log_bodies: [hell]}"));
  CHECK(record("{match_type: regexp, log_bodies: [x, hell]}"));
  CHECK(record("{match_type: strict, log_severity_texts: [INFO]}"));
  CHECK_FALSE(record("{match_type: strict, log_severity_texts: [WARN]}"));
  CHECK(record("{match_type: strict, log_severity_number: {min: 9}}"));
  CHECK_FALSE(record("{match_type: strict, log_severity_number: {min: 10, match_undefined: true}}"));

  const std::string plain = logs_with({{}});
  CHECK(selects(Signal::logs, plain, "{match_type: strict, log_severity_number: {min: 9, match_undefined: true}}"));
  CHECK_FALSE(selects(Signal::logs, plain, "{match_type: strict, log_severity_number: {min: 0}}"));
  std::string number_body;
  wire::Writer(number_body).message(1, [](auto& resource) {
    resource.message(2, [](auto& scope) {
      scope.message(2, [](auto& log) { log.message(5, [](auto& body) { body.varint(3, 42); }); });
    });
  });
  CHECK(selects(Signal::logs, number_body, "{match_type: strict, log_bodies: ['42']}"));
  // No resource, so no service name: what upstream calls it.
  CHECK(selects(Signal::logs, number_body, "{match_type: strict, services: ['<nil-service-name>']}"));
}

TEST_CASE("matcher: data points", "[formats][attributes]") {
  const auto point = [](const std::string& include, const std::string& exclude = "") {
    return selects(Signal::metrics, testing::sample_metrics(), include, exclude);
  };
  CHECK(point("{match_type: strict, metric_names: [hits]}"));
  CHECK_FALSE(point("{match_type: strict, metric_names: [hit]}"));
  CHECK(point("{match_type: regexp, metric_names: [hit]}"));
  CHECK(point("{match_type: strict, resources: [{key: service.name, value: demo}], metric_names: [hits]}"));
  CHECK_FALSE(point("{match_type: strict, attributes: [{key: a}]}"));
  CHECK_FALSE(point("", "{match_type: strict, metric_names: [hits], services: [demo]}"));
  CHECK(point("", "{match_type: strict, metric_names: [misses], services: [demo]}"));
}

TEST_CASE("matcher: what a resource decides is decided once", "[formats][attributes]") {
  const std::string message = logs_with({{}, {}}, "one") + logs_with({{}, {}}, "two");
  Selection included(read("{match_type: strict, services: [two]}"), std::nullopt);
  Marking marking{included};
  std::string out;
  REQUIRE(wire::rewrite_attributes(Signal::logs, wire::to_bytes(message), wire::Level::item, marking, out));
  CHECK(marking.looked_at == 2);
  const auto attributes = attributes_of_logs(wire::to_bytes(out));
  REQUIRE(attributes.size() == 4);
  CHECK((attributes[0].empty() && attributes[1].empty() && attributes[2].size() == 1 && attributes[3].size() == 1));

  Selection excluded(std::nullopt, read("{match_type: strict, services: [two]}"));
  Marking other{excluded};
  out.clear();
  REQUIRE(wire::rewrite_attributes(Signal::logs, wire::to_bytes(message), wire::Level::item, other, out));
  CHECK(other.looked_at == 2);
  CHECK(attributes_of_logs(wire::to_bytes(out)).at(2).empty());
}

TEST_CASE("matcher: conditions compare values of every type", "[formats][attributes]") {
  const auto matches = [](const std::string& value, const std::string& condition) {
    return selects(Signal::logs, logs_with({{{"k", value}}}), "{match_type: " + condition + "}]}");
  };
  CHECK(matches(wire::double_value(0.5), "strict, attributes: [{key: k, value: 0.5"));
  CHECK_FALSE(matches(wire::double_value(1), "strict, attributes: [{key: k, value: 1"));
  CHECK(matches(wire::bool_value(false), "strict, attributes: [{key: k, value: false"));
  CHECK(matches(wire::bool_value(true), "regexp, attributes: [{key: k, value: ^true$"));
  CHECK(matches(wire::double_value(1e21), "regexp, attributes: [{key: k, value: ^1000000000000000000000$"));
  CHECK(matches(wire::int_value(-5), "regexp, attributes: [{key: k, value: '^-5$'"));
  std::string list;
  wire::Writer(list).message(5, [](auto& values) { values.message(1, [](auto& item) { item.varint(3, 1); }); });
  CHECK(matches(list, "strict, attributes: [{key: k, value: [1]"));
  CHECK_FALSE(matches(list, "regexp, attributes: [{key: k, value: '.*'"));
}

}  // namespace
}  // namespace sluice::formats
