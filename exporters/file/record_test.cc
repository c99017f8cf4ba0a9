// SPDX-License-Identifier: Apache-2.0
#include "exporters/file/record.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <string>

#include "plugins/formats/otlp_json/otlp_json.h"
#include "plugins/net/compression.h"
#include "plugins/sdk/batch.h"
#include "plugins/testing/messages.h"

namespace sluice::exporters {
namespace {

std::string encoded(const RecordFormat& format, std::string_view message) {
  std::string record = "what was there before";
  REQUIRE(encode_record(format, SLUICE_TRACES, message, record) == Encoded::ok);
  return record;
}

uint32_t length_of(std::string_view frame) {
  uint32_t length = 0;
  for (const char byte : frame.substr(0, 4)) length = length << 8 | static_cast<uint8_t>(byte);
  return length;
}

std::string decompressed(std::string_view bytes) {
  net::ByteBuffer out;
  REQUIRE(net::decompress(net::Codec::zstd, bytes, {.max_bytes = 1 << 20, .reserve = nullptr}, out) ==
          net::CodecStatus::ok);
  return std::string(out.view());
}

TEST_CASE("file record: JSON is one line", "[exporter][file]") {
  const RecordFormat format{FileFormat::json, net::Codec::none, 0};
  CHECK(format.framing() == Framing::lines);
  const std::string record = encoded(format, testing::sample_traces());
  CHECK(record.starts_with(R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name")"));
  CHECK(record.ends_with("]}]}]}\n"));
  CHECK(record.find('\n') == record.size() - 1);
}

TEST_CASE("file record: protobuf has its length in front, big end first", "[exporter][file]") {
  const RecordFormat format{FileFormat::proto, net::Codec::none, 0};
  CHECK(format.framing() == Framing::frames);
  const std::string message = testing::message(SLUICE_TRACES, 100);
  const std::string record = encoded(format, message);
  CHECK(length_of(record) == message.size());
  CHECK(record.substr(4) == message);
}

TEST_CASE("file record: compressed records are frames, JSON too", "[exporter][file]") {
  const int32_t level = GENERATE(0, 3, 11);
  const std::string message = testing::message(SLUICE_TRACES, 100);
  const std::string proto = encoded({FileFormat::proto, net::Codec::zstd, level}, message);
  CHECK(length_of(proto) == proto.size() - 4);
  CHECK(decompressed(std::string_view(proto).substr(4)) == message);

  const RecordFormat format{FileFormat::json, net::Codec::zstd, level};
  CHECK(format.framing() == Framing::frames);
  const std::string json = encoded(format, message);
  CHECK(length_of(json) == json.size() - 4);
  CHECK(decompressed(std::string_view(json).substr(4)) + "\n" ==
        encoded({FileFormat::json, net::Codec::none, 0}, message));
}

std::string read(const std::string& name) {
  std::ifstream in(std::string(SLUICE_TEST_DATA) + "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Messages without content: the collector writes some whether they were sent or not.
std::string without_empty(std::string line) {
  for (const std::string name : {"resource", "scope", "status", "body", "positive", "negative"}) {
    const std::string empty = "\"" + name + "\":{}";
    for (const std::string& text : {empty + ",", "," + empty, empty})
      for (size_t at = 0; (at = line.find(text, at)) != std::string::npos;) line.erase(at, text.size());
  }
  return line;
}

TEST_CASE("file record: what the OpenTelemetry Collector wrote for the same input means the same", "[exporter][file]") {
  const auto line = [](sluice_signal signal, const std::string& json) {
    std::string message, error, record;
    REQUIRE(formats::json_to_otlp(static_cast<wire::Signal>(signal), json, message, error));
    REQUIRE(encode_record({}, signal, message, record) == Encoded::ok);
    return record;
  };
  for (const sluice_signal signal : kSignals) {
    const std::string name = std::string(signal_name(signal)) + ".json";
    CAPTURE(name);
    CHECK(without_empty(line(signal, read("input." + name))) ==
          without_empty(line(signal, read("collector-0.161." + name))));
  }
}

TEST_CASE("file record: bytes that are no message fail", "[exporter][file]") {
  std::string record;
  CHECK(encode_record({}, SLUICE_TRACES, "\x0a\xff", record) == Encoded::failed);
}

}  // namespace
}  // namespace sluice::exporters
