// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <set>

#include "plugins/formats/prometheus/exposition.h"
#include "plugins/wire/reader.h"

namespace sluice::formats::prometheus {
namespace {

using wire::Bytes;
using wire::Cursor;
using wire::WireType;

// Field numbers from the outside in; of what is a message, by io/prometheus/client/metrics.proto.
const std::set<std::string> kMessages = {
    ".4",     ".4.1", ".4.2", ".4.3",   ".4.3.2", ".4.3.2.1", ".4.3.2.3", ".4.3.3",   ".4.4",       ".4.4.3",
    ".4.4.4", ".4.5", ".4.7", ".4.7.3", ".4.7.9", ".4.7.12",  ".4.7.15",  ".4.7.3.3", ".4.7.3.3.1", ".4.7.3.3.3",
};

// "1:'name' 3:4 4{...}": fields as they come; eight bytes are a double.
std::string dump(Bytes message, const std::string& path = "") {
  std::string out;
  for (Cursor field(message); field.next();) {
    const std::string inner = path + '.' + std::to_string(field.number());
    if (!out.empty()) out += ' ';
    out += std::to_string(field.number());
    if (field.has(WireType::varint)) {
      out += ':' + std::to_string(field.value());
    } else if (field.has(WireType::fixed64)) {
      std::ostringstream number;
      number << field.value_double();
      out += ':' + number.str();
    } else if (kMessages.count(inner)) {
      out += '{' + dump(field.bytes(), inner) + '}';
    } else {
      out += ":'" + std::string(field.text()) + "'";
    }
  }
  return out;
}

template <class Write>
std::vector<std::string> families(Write&& write, const WriterOptions& options = {}) {
  std::string out;
  const auto writer = make_writer(Format::protobuf, out, options);
  write(*writer);
  writer->finish();
  std::vector<std::string> found;
  const Bytes all = wire::to_bytes(out);
  for (const uint8_t* p = all.data(); p != all.data() + all.size();) {
    size_t length = 0;
    p = wire::read_length(p, all.data() + all.size(), length);
    REQUIRE(p != nullptr);
    found.push_back(dump({p, length}));
    p += length;
  }
  return found;
}

const Exemplar kExemplar{R"(trace_id="01")", 0.5, 1'700'000'000'500'000'000, 0};

TEST_CASE("protobuf exposition: numbers", "[formats][prometheus]") {
  const auto found = families([](ExpositionWriter& w) {
    w.family({"hits_total", "Hits.", FamilyType::counter});
    w.number(R"(a="x\"y",job="demo")", 7, {.created_unix_nano = 3'000'000'004}, &kExemplar);
    w.number("", 8, {.sample_unix_ms = 99}, nullptr);
    w.family({"temp", "", FamilyType::gauge});
    w.number("", -1.5, {.created_unix_nano = 3'000'000'004}, nullptr);
    w.family({"what", "", FamilyType::untyped});
    w.number("", 2, {}, nullptr);
  });
  CHECK(found == std::vector<std::string>{
                     "1:'hits_total' 2:'Hits.' 3:0 "
                     "4{1{1:'a' 2:'x\"y'} 1{1:'job' 2:'demo'} "
                     "3{1:7 2{1{1:'trace_id' 2:'01'} 2:0.5 3{1:1700000000 2:500000000}} 3{1:3 2:4}}} "
                     "4{3{1:8} 6:99}",
                     "1:'temp' 2:'' 3:1 4{2{1:-1.5}}",
                     "1:'what' 2:'' 3:3 4{5{1:2}}",
                 });
}

TEST_CASE("protobuf exposition: histograms, +Inf only where it has an exemplar", "[formats][prometheus]") {
  const auto found = families([](ExpositionWriter& w) {
    const BucketBounds bounds({1, 5});
    const std::vector<uint64_t> cumulative = {3, 5};
    std::vector<Exemplar> exemplars(2, kExemplar);
    exemplars[0].bucket = 1;
    exemplars[1].bucket = 2;
    exemplars[1].time_unix_nano = 0;
    w.family({"h", "", FamilyType::histogram});
    w.histogram("", {6, 20, bounds, cumulative, {}}, {.created_unix_nano = 1'000'000'000});
    w.histogram("", {6, 20, bounds, cumulative, exemplars}, {});
  });
  CHECK(found == std::vector<std::string>{
                     "1:'h' 2:'' 3:4 4{7{1:6 2:20 3{1:3 2:1} 3{1:5 2:5} 15{1:1}}} "
                     "4{7{1:6 2:20 3{1:3 2:1} 3{1:5 2:5 3{1{1:'trace_id' 2:'01'} 2:0.5 3{1:1700000000 2:500000000}}} "
                     "3{1:6 2:inf 3{1{1:'trace_id' 2:'01'} 2:0.5}}}}",
                 });
}

TEST_CASE("protobuf exposition: native histograms", "[formats][prometheus]") {
  const auto found = families([](ExpositionWriter& w) {
    w.family({"h", "", FamilyType::histogram});
    w.native_histogram("",
                       {.count = 8,
                        .sum = 2.5,
                        .schema = -1,
                        .zero_threshold = 0.25,
                        .zero_count = 2,
                        .positive = {-2, {1, 0, 0, 0, 5}},
                        .negative = {0, {4, 1}}},
                       {});
  });
  // Signed numbers are zig-zag: schema -1 is 1, offset -1 is 1, difference -3 is 5.
  CHECK(found == std::vector<std::string>{"1:'h' 2:'' 3:4 4{7{1:8 2:2.5 5:1 6:0.25 7:2 9{1:2 2:2} 10:8 10:5 "
                                          "12{1:1 2:1} 12{1:6 2:1} 13:2 13:8}}"});
}

TEST_CASE("protobuf exposition: summaries", "[formats][prometheus]") {
  const auto found = families([](ExpositionWriter& w) {
    const std::vector<SummaryView::Quantile> quantiles = {{0.5, 1}, {0.99, 2.5}};
    w.family({"s", "", FamilyType::summary});
    w.summary("", {9, 20, quantiles}, {.created_unix_nano = 1'000'000'000});
  });
  CHECK(found == std::vector<std::string>{"1:'s' 2:'' 3:2 4{4{1:9 2:20 3{1:0.5 2:1} 3{1:0.99 2:2.5} 4{1:1}}}"});
}

TEST_CASE("protobuf exposition: names for scrapers without UTF-8; lengths of any size", "[formats][prometheus]") {
  const auto write = [](ExpositionWriter& w) {
    w.family({"a.b", "", FamilyType::gauge});
    w.number(R"("c.d"="1")", 1, {}, nullptr);
  };
  CHECK(families(write) == std::vector<std::string>{"1:'a.b' 2:'' 3:1 4{1{1:'c.d' 2:'1'} 2{1:1}}"});
  CHECK(families(write, {.escaping = Escaping::underscores}) ==
        std::vector<std::string>{"1:'a_b' 2:'' 3:1 4{1{1:'c_d' 2:'1'} 2{1:1}}"});
  const std::string help(20'000, 'h');
  const auto long_ones = families([&help](ExpositionWriter& w) {
    w.family({"a", help, FamilyType::gauge});
    w.family({"b", "", FamilyType::gauge});
    w.number("x=\"" + help + "\"", 1, {}, nullptr);
  });
  REQUIRE(long_ones.size() == 2);
  CHECK(long_ones[0] == "1:'a' 2:'" + help + "' 3:1");
  CHECK(long_ones[1] == "1:'b' 2:'' 3:1 4{1{1:'x' 2:'" + help + "'} 2{1:1}}");
}

}  // namespace
}  // namespace sluice::formats::prometheus
