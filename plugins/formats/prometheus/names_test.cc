// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/prometheus/names.h"

#include <catch2/catch.hpp>

namespace sluice::formats::prometheus {
namespace {

struct Case {
  const char* name;
  const char* unit;
  Suffix suffix;
  const char* name_space;
  const char* result;
};

TEST_CASE("metric names: escaped, with suffixes", "[formats][prometheus]") {
  const Case cases[] = {
      {"jobs", "", Suffix::total, "", "jobs_total"},
      {"jobs_total", "", Suffix::total, "", "jobs_total"},
      {"total.jobs", "", Suffix::total, "", "jobs_total"},
      {"pool.usage", "1", Suffix::ratio, "", "pool_usage_ratio"},
      {"pool.usage", "1", Suffix::total, "", "pool_usage_total"},
      {"pool.usage", "By", Suffix::ratio, "", "pool_usage_bytes"},
      {"queue.depth", "", Suffix::none, "", "queue_depth"},
      {"db.latency", "ms", Suffix::none, "", "db_latency_milliseconds"},
      {"db.latency_seconds", "s", Suffix::ratio, "", "db_latency_seconds"},
      {"disk.io", "By", Suffix::total, "app", "app_disk_io_bytes_total"},
      {"disk.speed", "By/s", Suffix::ratio, "", "disk_speed_bytes_per_second"},
      {"reqs", "1/s", Suffix::ratio, "", "reqs_per_second"},
      {"reqs", "1/s", Suffix::total, "app", "app_reqs_per_second_total"},
      {"cache.fill", "%", Suffix::ratio, "", "cache_fill_percent"},
      {"temp", "Cel", Suffix::ratio, "", "temp_celsius"},
      {"conns", "{connection}", Suffix::ratio, "", "conns"},
      {"sent", "By/{packet}", Suffix::ratio, "", "sent_bytes"},
      {"sent", "By / s", Suffix::ratio, "", "sent_bytes_per_second"},
      {"w", "foo@bar", Suffix::ratio, "", "w_foo_bar"},
      {"w", "@", Suffix::ratio, "", "w"},
      {"w", "m/@", Suffix::ratio, "", "w_meters"},
      {"a__b--c", "", Suffix::ratio, "", "a_b_c"},
      {"a€b", "", Suffix::ratio, "", "a_b"},
      {"9lives", "", Suffix::ratio, "", "_9lives"},
      {"9lives", "", Suffix::ratio, "app", "app_9lives"},
      {"x", "", Suffix::ratio, "my-app", "my_app_x"},
      {"%%", "", Suffix::ratio, "", ""},
      {"", "s", Suffix::ratio, "app", ""},
  };
  for (const Case& c : cases) {
    INFO(c.name << " " << c.unit << " " << c.name_space);
    CHECK(metric_name({}, c.name_space, c.name, c.unit, c.suffix) == c.result);
  }
}

TEST_CASE("metric names: the other translation strategies", "[formats][prometheus]") {
  const Translation bare{.escape = true, .suffixes = false};
  CHECK(metric_name(bare, "", "db.latency", "ms", Suffix::none) == "db_latency");
  CHECK(metric_name(bare, "", "a__b..c", "ms", Suffix::total) == "a__b_c");
  CHECK(metric_name(bare, "my.app", "9x", "", Suffix::none) == "my_app_9x");
  CHECK(metric_name(bare, "", "9x", "", Suffix::none) == "_9x");
  CHECK(metric_name(bare, "", "__", "", Suffix::none).empty());

  const Translation utf8{.escape = false, .suffixes = true};
  CHECK(metric_name(utf8, "", "db.latency", "ms", Suffix::none) == "db.latency_milliseconds");
  CHECK(metric_name(utf8, "", "db.latency.milliseconds", "ms", Suffix::none) == "db.latency.milliseconds");
  CHECK(metric_name(utf8, "my.app", "disk.io.total", "By/s", Suffix::total) == "my.app_disk.io_bytes_per_second_total");
  CHECK(metric_name(utf8, "", "fill.ratio", "1", Suffix::ratio) == "fill_ratio");

  const Translation none{.escape = false, .suffixes = false};
  CHECK(metric_name(none, "", "db.latency", "ms", Suffix::total) == "db.latency");
  CHECK(metric_name(none, "app", "größe", "m", Suffix::none) == "app_größe");
}

TEST_CASE("label names: characters that are not allowed", "[formats][prometheus]") {
  const Translation escape;
  CHECK(label_name(escape, "http.method") == "http_method");
  CHECK(label_name(escape, "a..b") == "a__b");
  CHECK(label_name(escape, "a€b") == "a_b");
  CHECK(label_name(escape, "9x") == "key_9x");
  CHECK(label_name(escape, "_x") == "_x");
  CHECK(label_name(escape, "__x__") == "__x__");
  CHECK(label_name(escape, "k:v") == "k_v");
  CHECK(label_name(escape, "").empty());
  CHECK(label_name(escape, "___").empty());
  CHECK(label_name(escape, "...").empty());
  CHECK(label_name({.escape = false}, "http.method") == "http.method");
}

TEST_CASE("plain names: what is written without quotes", "[formats][prometheus]") {
  CHECK(is_plain_name("a"));
  CHECK(is_plain_name("_:9Az"));
  CHECK_FALSE(is_plain_name(""));
  CHECK_FALSE(is_plain_name("9a"));
  CHECK_FALSE(is_plain_name("a.b"));
  CHECK_FALSE(is_plain_name("ä"));
}

TEST_CASE("escaping: each scheme of Prometheus", "[formats][prometheus]") {
  CHECK(escape_name("a.b_c", Escaping::allow_utf8) == "a.b_c");
  CHECK(escape_name("a.b_c", Escaping::underscores) == "a_b_c");
  CHECK(escape_name("9ä", Escaping::underscores) == "__");
  CHECK(escape_name("plain_name", Escaping::underscores) == "plain_name");
  CHECK(escape_name("a.b_c", Escaping::dots) == "a_dot_b__c");
  CHECK(escape_name("plain_name", Escaping::dots) == "plain__name");
  CHECK(escape_name("a b", Escaping::dots) == "a__b");
  CHECK(escape_name("a.b_c", Escaping::values) == "U__a_2e_b__c");
  CHECK(escape_name("plain_name", Escaping::values) == "plain_name");
  CHECK(escape_name("€𝄞", Escaping::values) == "U___20ac__1d11e_");
}

}  // namespace
}  // namespace sluice::formats::prometheus
