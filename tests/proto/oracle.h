// SPDX-License-Identifier: Apache-2.0
//
// What the tests of this folder share: protobuf messages by signal, random ones, and their items.
#ifndef SLUICE_TESTS_PROTO_ORACLE_H
#define SLUICE_TESTS_PROTO_ORACLE_H

#include <google/protobuf/message.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "plugins/wire/signal.h"

namespace sluice::oracle {

using Random = std::mt19937_64;

inline constexpr wire::Signal kSignals[] = {wire::Signal::traces, wire::Signal::metrics, wire::Signal::logs};

/// An empty TracesData, MetricsData or LogsData.
std::unique_ptr<google::protobuf::Message> make_message(wire::Signal signal);

/// The message of these bytes, or null where protobuf refuses them.
std::unique_ptr<google::protobuf::Message> parse(wire::Signal signal, const std::string& bytes);

struct RandomOptions {
  int elements = 3;            // of a repeated field, at most
  bool ids_of_length = false;  // trace and span ids have 16 and 8 bytes; else any length
  bool empty_messages = true;  // singular messages may be there and empty, which views do not show
};

/// Fills every field at random: present or not, values of all sizes, strings in all of Unicode.
void fill(google::protobuf::Message& message, Random& random, const RandomOptions& options = {});

std::string random_bytes(wire::Signal signal, Random& random, const RandomOptions& options = {});

/// Visits the spans, data points or log records in order, with the repeated field that has them.
struct Item {
  google::protobuf::Message* parent;
  const google::protobuf::FieldDescriptor* field;
  int index;
};
std::vector<Item> items(google::protobuf::Message& message);

/// Keeps the items [first, first + count), and of what is around them only what holds one of those.
void keep_items(google::protobuf::Message& message, uint64_t first, uint64_t count);

}  // namespace sluice::oracle

#endif  // SLUICE_TESTS_PROTO_ORACLE_H
