// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/loki/labels.h"

#include <catch2/catch.hpp>

#include "plugins/formats/loki/testing.h"

namespace sluice::formats::loki {
namespace {

using namespace testing;

std::string name_of(std::string_view attribute) {
  std::string out;
  append_label_name(out, attribute);
  return out;
}

// The attributes of a resource, from a list in JSON.
struct Attributes {
  explicit Attributes(std::string_view json) : message(logs(json, "")) {
    for (const wire::ResourceLogs& resource : wire::logs(wire::to_bytes(message)))
      for (const wire::KeyValue& one : resource.resource.attributes) list.push_back(one);
  }
  std::string message;
  std::vector<wire::KeyValue> list;
};

std::string hinted(const Attributes& attributes, std::string_view hint = "hint") {
  Labels labels;
  labels.add_hinted(attributes.list, *find(attributes.list, hint));
  std::string out;
  labels.render(out);
  return out;
}

}  // namespace

TEST_CASE("loki labels: names as Loki takes them", "[loki]") {
  CHECK(name_of("service.name") == "service_name");
  CHECK(name_of("http_status-code") == "http_status_code");
  CHECK(name_of("4xx") == "key_4xx");
  CHECK(name_of("_hidden") == "key_hidden");
  CHECK(name_of("__meta__") == "__meta__");
  CHECK(name_of("größe") == "gr__e");
  CHECK(name_of("") == "");
}

TEST_CASE("loki labels: levels are the names of severity numbers", "[loki]") {
  CHECK(level_of(0) == "");
  CHECK(level_of(1) == "TRACE");
  CHECK(level_of(9) == "INFO");
  CHECK(level_of(14) == "WARN2");
  CHECK(level_of(24) == "FATAL4");
  CHECK(level_of(25) == "");
  CHECK(level_of(-1) == "");
}

TEST_CASE("loki labels: rendered sorted, quoted, the last of a name, none without a value", "[loki]") {
  Labels labels;
  std::string out;
  labels.render(out);
  CHECK(out.empty());
  labels.add("job", "shop/cart");
  labels.add("exporter", "OTLP");
  labels.add("a.b", "first");
  labels.add("a_b", "second");
  labels.add("empty", "");
  labels.add("quoted", "a \"b\" \\ c\nd\te\x7f ü");
  labels.render(out);
  CHECK(out == R"({a_b="second", exporter="OTLP", job="shop/cart", quoted="a \"b\" \\ c\nd\x09e\x7f ü"})");
  CHECK(labels.has("a.b"));
  CHECK_FALSE(labels.has("a.b", 3));
  labels.cut(1);
  out.clear();
  labels.render(out);
  CHECK(out == R"({job="shop/cart"})");
  labels.add("x", "y");
  out.clear();
  labels.render(out);
  CHECK(out == R"({job="shop/cart", x="y"})");
}

TEST_CASE("loki labels: hints name attributes, in texts and in lists", "[loki]") {
  const std::string some = attribute("service.name", "cart") + "," + attribute("region", "eu") + ",";
  CHECK(hinted(Attributes(some + attribute("hint", " service.name , region,missing,"))) ==
        R"({region="eu", service_name="cart"})");
  CHECK(hinted(Attributes(some + R"({"key":"hint","value":{"arrayValue":{"values":[{"stringValue":"region"},
                                    {"intValue":"5"},{"stringValue":"service.name"}]}}})")) ==
        R"({region="eu", service_name="cart"})");
  CHECK(hinted(Attributes(some + R"({"key":"hint","value":{"intValue":"5"}})")) == "");
  CHECK(hinted(Attributes(some + attribute("region", "us") + "," + attribute("hint", "region"))) == R"({region="us"})");
}

TEST_CASE("loki labels: hints reach into maps, and values of every type are texts", "[loki]") {
  const Attributes attributes(R"(
    {"key":"http","value":{"kvlistValue":{"values":[
       {"key":"status","value":{"intValue":"200"}},
       {"key":"route","value":{"kvlistValue":{"values":[{"key":"name","value":{"stringValue":"/a"}}]}}}]}}},
    {"key":"ratio","value":{"doubleValue":0.5}},{"key":"up","value":{"boolValue":true}},
    {"key":"list","value":{"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"b"}]}}},
    {"key":"hint","value":{"stringValue":"http.status,http.route.name,http.none,ratio,up,list,ratio.x,http."}})");
  CHECK(hinted(attributes) == R"({http_route_name="/a", http_status="200", list="[1,\"b\"]", ratio="0.5", up="true"})");
}

}  // namespace sluice::formats::loki
