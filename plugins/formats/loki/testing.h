// SPDX-License-Identifier: Apache-2.0
// For tests: log records from OTLP/JSON, and what a PushRequest says, as text.
#ifndef SLUICE_PLUGINS_FORMATS_LOKI_TESTING_H
#define SLUICE_PLUGINS_FORMATS_LOKI_TESTING_H

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/formats/otlp_json/otlp_json.h"
#include "plugins/wire/reader.h"

namespace sluice::formats::loki::testing {

inline std::string logs_of(std::string_view json) {
  std::string out, error;
  if (!json_to_otlp(wire::Signal::logs, json, out, error)) throw std::invalid_argument(error);
  return out;
}

// An attribute of OTLP/JSON with a text.
inline std::string attribute(std::string_view key, std::string_view value) {
  return R"({"key":")" + std::string(key) + R"(","value":{"stringValue":")" + std::string(value) + R"("}})";
}

// A LogsData of one resource and one scope without a name: lists of JSON objects, without their brackets.
inline std::string logs(std::string_view resource_attributes, std::string_view records) {
  return logs_of(R"({"resourceLogs":[{"resource":{"attributes":[)" + std::string(resource_attributes) +
                 R"(]},"scopeLogs":[{"logRecords":[)" + std::string(records) + "]}]}]}");
}

// "{labels} seconds.nanos line", one for each entry, in the order of the message.
inline std::vector<std::string> entries_of(std::string_view push_request) {
  std::vector<std::string> out;
  for (wire::Cursor request(wire::to_bytes(push_request)); request.next();) {
    std::string labels;
    for (wire::Cursor stream(request.bytes()); stream.next();) {
      if (stream.number() == 1) labels = stream.text();
      if (stream.number() != 2) continue;
      uint64_t time[3] = {};
      std::string line;
      for (wire::Cursor entry(stream.bytes()); entry.next();) {
        if (entry.number() == 2) line = entry.text();
        if (entry.number() != 1) continue;
        for (wire::Cursor timestamp(entry.bytes()); timestamp.next();) time[timestamp.number()] = timestamp.value();
      }
      out.push_back(labels + " " + std::to_string(time[1]) + "." + std::to_string(time[2]) + " " + line);
    }
  }
  return out;
}

}  // namespace sluice::formats::loki::testing

#endif  // SLUICE_PLUGINS_FORMATS_LOKI_TESTING_H
