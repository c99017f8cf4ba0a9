// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/prometheus/negotiation.h"

#include <catch2/catch.hpp>

namespace sluice::formats::prometheus {
namespace {

std::string type_for(std::string_view accept, bool open_metrics = false) {
  return negotiate(accept, open_metrics).content_type();
}

const std::string kText = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";
const std::string kTextUtf8 = "text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8";
const std::string kProtobuf =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; "
    "escaping=underscores";
const std::string kOpenMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores";

TEST_CASE("Accept: what no format fits gets the text format", "[formats][prometheus]") {
  for (const char* accept : {"", "*/*", "text/html", "application/json;q=1", "text/plain;version=9", "text/plain;q=0",
                             ",,;;,", "text/plain; version=\"0.0.4\"", "TEXT/Plain;Version=0.0.4", "text/*",
                             "application/openmetrics-text", "application/vnd.google.protobuf",
                             "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
                             "application/vnd.google.protobuf;proto=other.Message;encoding=delimited"}) {
    INFO(accept);
    CHECK(type_for(accept) == kText);
  }
}

TEST_CASE("Accept: what Prometheus of each age sends", "[formats][prometheus]") {
  const char* const prometheus_2 =
      "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
      "text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
  CHECK(type_for(prometheus_2) == kText);
  CHECK(type_for(prometheus_2, true) == kOpenMetrics);
  const char* const with_native_histograms =
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.5,"
      "application/openmetrics-text;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
  CHECK(type_for(with_native_histograms) == kProtobuf);
  CHECK(type_for(with_native_histograms, true) == kProtobuf);
  const char* const prometheus_3 =
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
      "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
      "text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
  CHECK(type_for(prometheus_3) == kTextUtf8);
  CHECK(type_for(prometheus_3, true) ==
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8");
}

TEST_CASE("Accept: weights and order decide", "[formats][prometheus]") {
  CHECK(type_for("text/plain;q=0.5, application/openmetrics-text;version=1.0.0", true) == kOpenMetrics);
  CHECK(type_for("text/plain, application/openmetrics-text;version=1.0.0", true) == kText);
  CHECK(type_for("*/*, application/openmetrics-text;version=1.0.0", true) == kOpenMetrics);
  CHECK(type_for("application/openmetrics-text;version=1.0.0;q=0, text/plain;q=0.1", true) == kText);
  CHECK(type_for("application/openmetrics-text;q=high, text/plain;q=0.1", true) == kText);
  CHECK(type_for("application/openmetrics-text;q=-1, text/plain;q=0.1", true) == kText);
  CHECK(type_for("text/plain;q=0.9, application/openmetrics-text;version=1.0.0;q=7", true) == kOpenMetrics);
  CHECK(type_for("application/openmetrics-text;version=2.0.0,text/plain", true) == kText);
  CHECK(type_for("application/openmetrics-text", true) ==
        "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=underscores");
  CHECK(type_for("x/y;a=\"text/plain;q=1,\\\"\", application/openmetrics-text;version=1.0.0;q=0.1", true) ==
        kOpenMetrics);
}

TEST_CASE("Accept: escaping schemes", "[formats][prometheus]") {
  CHECK(negotiate("text/plain;escaping=dots", false).escaping == Escaping::dots);
  CHECK(negotiate("text/plain;escaping=values", false).escaping == Escaping::values);
  CHECK(negotiate("text/plain;escaping=allow-utf-8", false).escaping == Escaping::allow_utf8);
  CHECK(negotiate("text/plain;escaping=other", false).escaping == Escaping::underscores);
  CHECK(type_for("text/plain;escaping=dots") == "text/plain; version=0.0.4; charset=utf-8; escaping=dots");
  CHECK(type_for("text/plain;escaping=values") == "text/plain; version=0.0.4; charset=utf-8; escaping=values");
}

}  // namespace
}  // namespace sluice::formats::prometheus
