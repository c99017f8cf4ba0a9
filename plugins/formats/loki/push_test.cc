// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/loki/push.h"

#include <catch2/catch.hpp>

#include "plugins/formats/loki/testing.h"

namespace sluice::formats::loki {
namespace {

using namespace testing;

std::string record(std::string_view text, std::string_view attributes = "", int severity = 0, uint64_t time = 7) {
  return R"({"timeUnixNano":")" + std::to_string(time) + R"(","severityNumber":)" + std::to_string(severity) +
         R"(,"body":{"stringValue":")" + std::string(text) + R"("},"attributes":[)" + std::string(attributes) + "]}";
}

struct Built {
  std::vector<Push> pushes;
  std::vector<std::vector<std::string>> entries;  // of each push
  Refused refused;
};

Built built(const std::string& message, const DefaultLabels& defaults = {}) {
  PushBuilder builder(defaults, 1'700'000'000'000'000'005);
  builder.add(wire::to_bytes(message));
  Built out{builder.take_pushes(), {}, builder.refused()};
  for (Push& push : out.pushes) out.entries.push_back(entries_of(push.take_message()));
  return out;
}

std::vector<std::pair<uint64_t, uint64_t>> pairs(const std::vector<Run>& runs) {
  std::vector<std::pair<uint64_t, uint64_t>> out;
  for (const Run& run : runs) out.emplace_back(run.first, run.count);
  return out;
}

using Lines = std::vector<std::string>;
using Runs = std::vector<std::pair<uint64_t, uint64_t>>;

const std::string kRaw = attribute("loki.format", "raw");

}  // namespace

TEST_CASE("loki push: the sample of the push API, to the byte", "[loki]") {
  const std::string message = logs_of(
      R"({"resourceLogs":[{"resource":{"attributes":[)" + attribute("service.name", "demo") + "," + kRaw +
      R"(]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"1700000000000000000","body":{"stringValue":"hello"}}]}]}]})");
  PushBuilder builder({.exporter = false}, 0);
  builder.add(wire::to_bytes(message));
  auto pushes = builder.take_pushes();
  REQUIRE(pushes.size() == 1);
  CHECK(pushes[0].take_message() ==
        "\x0a\x1f\x0a\x0c{job=\"demo\"}\x12\x0f\x0a\x06\x08\x80\xe2\xcf\xaa\x06\x12\x05hello");
  CHECK(pushes[0].entries == 1);
}

TEST_CASE("loki push: default labels, each of which can be left out", "[loki]") {
  const std::string resource = attribute("service.name", "cart") + "," + attribute("service.namespace", "shop") + "," +
                               attribute("service.instance.id", "i1");
  const std::string message = logs(resource, record("a", kRaw, 17));
  CHECK(built(message).entries.at(0) ==
        Lines{R"({exporter="OTLP", instance="i1", job="shop/cart", level="ERROR"} 0.7 a)"});
  CHECK(built(message, {.exporter = false, .instance = false}).entries.at(0) ==
        Lines{R"({job="shop/cart", level="ERROR"} 0.7 a)"});
  CHECK(built(message, {.job = false, .level = false}).entries.at(0) ==
        Lines{R"({exporter="OTLP", instance="i1"} 0.7 a)"});
  CHECK(built(logs(attribute("service.namespace", "shop"), record("a", kRaw))).entries.at(0) ==
        Lines{R"({exporter="OTLP"} 0.7 a)"});
}

TEST_CASE("loki push: level is the attribute, else the severity's name, else nothing", "[loki]") {
  const std::string level = attribute("level", "notice") + "," + kRaw;
  CHECK(
      built(logs("", record("a", level, 9) + "," + record("b", level) + "," + record("c", kRaw, 99))).entries.at(0) ==
      Lines{R"({exporter="OTLP", level="notice"} 0.7 a)", R"({exporter="OTLP"} 0.7 b)", R"({exporter="OTLP"} 0.7 c)"});
}

TEST_CASE("loki push: what has become a label is not in the line, nor are hints", "[loki]") {
  const std::string resource = attribute("service.name", "cart") + "," + attribute("region", "eu") + "," +
                               attribute("level", "resource") + "," + attribute("loki.resource.labels", "service.name");
  const std::string attributes = attribute("route", "/a") + "," + attribute("user", "u1") + "," +
                                 attribute("loki.attribute.labels", "route") + "," +
                                 attribute("loki.resource.labels", "region");
  const auto out = built(logs(resource, record("a", attributes, 9) + "," + record("b")));
  CHECK(out.entries.at(0) ==
        Lines{R"({exporter="OTLP", job="cart", level="INFO", region="eu", route="/a", service_name="cart"} 0.7 )"
              R"({"body":"a","attributes":{"user":"u1"}})",
              R"({exporter="OTLP", job="cart", service_name="cart"} 0.7 )"
              R"({"body":"b","resources":{"level":"resource","region":"eu"}})"});
}

TEST_CASE("loki push: records of the same keys and severity differ in their values alone", "[loki]") {
  const auto of = [](const char* text, const char* key, int severity) {
    return record(text, attribute("b", "1") + "," + attribute(key, text) + "," + attribute("b", "2"), severity);
  };
  const std::string records = of("w", "a", 9) + "," + of("x", "a", 9) + "," + of("y", "c", 9) + "," + of("z", "a", 17);
  CHECK(
      built(logs(attribute("r", "1"), records)).entries.at(0) ==
      Lines{
          R"({exporter="OTLP", level="INFO"} 0.7 {"body":"w","attributes":{"a":"w","b":"2"},"resources":{"r":"1"}})",
          R"({exporter="OTLP", level="INFO"} 0.7 {"body":"x","attributes":{"a":"x","b":"2"},"resources":{"r":"1"}})",
          R"({exporter="OTLP", level="INFO"} 0.7 {"body":"y","attributes":{"b":"2","c":"y"},"resources":{"r":"1"}})",
          R"({exporter="OTLP", level="ERROR"} 0.7 {"body":"z","attributes":{"a":"z","b":"2"},"resources":{"r":"1"}})"});
  SECTION("but not where a label is made of a value") {
    CHECK(built(logs("", record("x", attribute("level", "a"), 9) + "," + record("y", attribute("level", "b"), 9)))
              .entries.at(0) == Lines{R"({exporter="OTLP", level="a"} 0.7 {"body":"x"})",
                                      R"({exporter="OTLP", level="b"} 0.7 {"body":"y"})"});
    const std::string tenant = attribute("loki.tenant", "team") + "," + kRaw;
    CHECK(built(logs(tenant, record("x", attribute("team", "red")) + "," + record("y", attribute("team", "blue"))))
              .pushes.size() == 2);
  }
  SECTION("nor in another resource") {
    PushBuilder builder({}, 0);
    const std::string first = logs(attribute("r", "1"), record("x")), second = logs(attribute("r", "2"), record("x"));
    builder.add(wire::to_bytes(first));
    builder.add(wire::to_bytes(second));
    CHECK(entries_of(builder.take_pushes().at(0).take_message()) ==
          Lines{R"({exporter="OTLP"} 0.7 {"body":"x","resources":{"r":"1"}})",
                R"({exporter="OTLP"} 0.7 {"body":"x","resources":{"r":"2"}})"});
  }
}

TEST_CASE("loki push: streams by labels, each in the order of its records, over messages too", "[loki]") {
  const std::string raw = kRaw + "," + attribute("loki.attribute.labels", "s");
  const auto of = [&](const char* stream, const char* text) {
    return record(text, attribute("s", stream) + "," + raw);
  };
  PushBuilder builder({.exporter = false}, 0);
  const std::string first = logs("", of("x", "1") + "," + of("y", "2") + "," + of("x", "3"));
  const std::string second = logs("", of("y", "4") + "," + of("x", "5") + "," + of("x", "6"));
  builder.add(wire::to_bytes(first));
  builder.add(wire::to_bytes(second));
  auto pushes = builder.take_pushes();
  REQUIRE(pushes.size() == 1);
  REQUIRE(pushes[0].streams.size() == 2);
  CHECK(pushes[0].streams[0].labels == R"({s="x"})");
  CHECK(pushes[0].streams[0].entries == 4);
  CHECK(pushes[0].entries == 6);
  CHECK(pairs(pushes[0].items) == Runs{{0, 6}});
  CHECK(entries_of(pushes[0].take_message()) == Lines{R"({s="x"} 0.7 1)", R"({s="x"} 0.7 3)", R"({s="x"} 0.7 5)",
                                                      R"({s="x"} 0.7 6)", R"({s="y"} 0.7 2)", R"({s="y"} 0.7 4)"});
}

TEST_CASE("loki push: the time is the record's, else when it was observed, else now", "[loki]") {
  const std::string observed = R"({"observedTimeUnixNano":"1700000001000000000"})";
  CHECK(built(logs(kRaw, record("a", "", 0, 1'700'000'000'000'000'001) + "," + observed + ",{}")).entries.at(0) ==
        Lines{R"({exporter="OTLP"} 1700000000.1 a)", R"({exporter="OTLP"} 1700000001.0 )",
              R"({exporter="OTLP"} 1700000000.5 )"});
}

TEST_CASE("loki push: one request for each tenant", "[loki]") {
  const std::string hint = kRaw + "," + attribute("loki.tenant", "team");
  const auto of = [&](const char* team, const char* text) {
    return record(text, attribute("team", team) + "," + hint);
  };
  const auto out =
      built(logs("", of("red", "1") + "," + of("blue", "2") + "," + record("3", kRaw) + "," + of("red", "4")),
            {.exporter = false, .job = false});
  REQUIRE(out.pushes.size() == 2);
  CHECK(out.pushes[0].tenant == "red");
  CHECK(pairs(out.pushes[0].items) == Runs{{0, 1}, {3, 1}});
  CHECK(out.entries[0] == Lines{R"({team="red"} 0.7 1)", R"({team="red"} 0.7 4)"});
  CHECK(out.pushes[1].tenant == "blue");
  CHECK(pairs(out.pushes[1].items) == Runs{{1, 1}});
  CHECK(pairs(out.refused.items) == Runs{{2, 1}});

  SECTION("the resource goes before the record, and names the resource's attribute first") {
    const std::string resource = attribute("org", "acme") + "," + attribute("loki.tenant", "org") + "," + kRaw;
    const auto of_resource = built(logs(resource, of("red", "1")));
    REQUIRE(of_resource.pushes.size() == 1);
    CHECK(of_resource.pushes[0].tenant == "acme");
    CHECK(of_resource.entries[0] == Lines{R"({exporter="OTLP", org="acme"} 0.7 1)"});
  }
  SECTION("one that is not there, or no text, is none") {
    CHECK(built(logs(attribute("loki.tenant", "none"), record("1"))).pushes.at(0).tenant.empty());
    CHECK(built(logs(R"({"key":"n","value":{"intValue":"5"}},)" + attribute("loki.tenant", "n"), record("1")))
              .pushes.at(0)
              .tenant.empty());
  }
}

TEST_CASE("loki push: what cannot be sent is named, the rest goes", "[loki]") {
  const std::string tenant = attribute("loki.tenant", "t") + "," + attribute("t", "a\\r\\nX-Evil: 1");
  const auto out = built(logs("", record("1", attribute("loki.format", "xml")) + "," + record("2", tenant) + "," +
                                      record("3", "", 9) + "," + record("4") + "," + record("5")),
                         {.exporter = false});
  REQUIRE(out.pushes.size() == 1);
  CHECK(out.entries[0] == Lines{R"({level="INFO"} 0.7 {"body":"3"})"});
  CHECK(pairs(out.pushes[0].items) == Runs{{2, 1}});
  CHECK(pairs(out.refused.items) == Runs{{0, 2}, {3, 2}});
  CHECK(out.refused.counts[static_cast<size_t>(Refusal::unknown_format)] == 1);
  CHECK(out.refused.counts[static_cast<size_t>(Refusal::bad_tenant)] == 1);
  CHECK(out.refused.counts[static_cast<size_t>(Refusal::no_labels)] == 2);
}

TEST_CASE("loki push: nothing to send", "[loki]") {
  CHECK(built("").pushes.empty());
  CHECK(built(logs("", record("1")), {false, false, false, false}).pushes.empty());
}

}  // namespace sluice::formats::loki
