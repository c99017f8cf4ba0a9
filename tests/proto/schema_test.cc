// SPDX-License-Identifier: Apache-2.0
//
// The tables of plugins/wire/schema.h against protobuf's descriptors.
#include "plugins/wire/schema.h"

#include <google/protobuf/descriptor.h>

#include <catch2/catch.hpp>
#include <string>

#include "google/rpc/status.pb.h"
#include "opentelemetry/proto/collector/logs/v1/logs_service.pb.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace sluice::wire {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

/// The descriptor of a table, found by its name in one of the packages.
const Descriptor* descriptor_of(const MessageSchema& table) {
  constexpr const char* kPackages[] = {"opentelemetry.proto.common.v1.",
                                       "opentelemetry.proto.resource.v1.",
                                       "opentelemetry.proto.trace.v1.",
                                       "opentelemetry.proto.metrics.v1.",
                                       "opentelemetry.proto.logs.v1.",
                                       "opentelemetry.proto.collector.trace.v1.",
                                       "opentelemetry.proto.collector.logs.v1.",
                                       "opentelemetry.proto.collector.metrics.v1.",
                                       ""};
  // Linking is lazy: without a use, a file would not register its descriptors.
  google::rpc::Status::descriptor();
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest::descriptor();
  opentelemetry::proto::collector::metrics::v1::ExportMetricsServiceRequest::descriptor();
  opentelemetry::proto::collector::logs::v1::ExportLogsServiceRequest::descriptor();
  for (const char* package : kPackages) {
    const auto* pool = google::protobuf::DescriptorPool::generated_pool();
    if (const Descriptor* found = pool->FindMessageTypeByName(package + std::string(table.name))) return found;
  }
  return nullptr;
}

std::string kind_name(const FieldDescriptor& field) {
  if (field.type() == FieldDescriptor::TYPE_MESSAGE) {
    if (field.message_type()->full_name() == "google.protobuf.Duration") return "duration";
    if (field.message_type()->full_name() == "google.protobuf.Any") return "any";
  }
  return field.type_name();
}

std::string kind_name(const Field& field) {
  constexpr const char* kNames[] = {"bool",  "int32",   "int64",   "uint32",   "uint64", "sint32",
                                    "enum",  "fixed32", "fixed64", "sfixed64", "double", "string",
                                    "bytes", "bytes",   "message", "duration", "any"};
  return kNames[static_cast<size_t>(field.kind)];
}

Rule rule_of(const FieldDescriptor& field) {
  if (field.is_repeated()) return Rule::repeated;
  if (field.real_containing_oneof() != nullptr) return Rule::oneof;
  return field.has_optional_keyword() ? Rule::optional : Rule::singular;
}

TEST_CASE("schema: every table has the fields of protobuf's descriptor, in its order", "[proto]") {
  for (const MessageSchema& table : kSchema) {
    INFO(table.name);
    const Descriptor* descriptor = descriptor_of(table);
    REQUIRE(descriptor != nullptr);
    REQUIRE(static_cast<size_t>(descriptor->field_count()) == table.fields.size());
    CHECK(descriptor->real_oneof_decl_count() <= 1);
    for (size_t i = 0; i < table.fields.size(); ++i) {
      const Field& ours = table.fields[i];
      const FieldDescriptor& theirs = *descriptor->field(static_cast<int>(i));
      INFO(ours.name);
      CHECK(ours.name == theirs.name());
      CHECK(ours.number == theirs.number());
      CHECK(kind_name(ours) == kind_name(theirs));
      CHECK(ours.rule == rule_of(theirs));
      CHECK(is_packed(ours) == theirs.is_packed());
      CHECK((ours.kind == Kind::id) == theirs.name().ends_with("_id"));
      if (ours.kind == Kind::message) CHECK(descriptor_of(schema(ours.message)) == theirs.message_type());
      if (ours.kind != Kind::enumeration) continue;
      REQUIRE(static_cast<size_t>(theirs.enum_type()->value_count()) == ours.values.size());
      for (size_t n = 0; n < ours.values.size(); ++n) {
        CHECK(ours.values[n].name == theirs.enum_type()->value(static_cast<int>(n))->name());
        CHECK(ours.values[n].number == theirs.enum_type()->value(static_cast<int>(n))->number());
      }
    }
  }
}

TEST_CASE("schema: every message that OTLP's data can hold has a table", "[proto]") {
  for (const MessageSchema& table : kSchema) {
    for (const Field& field : table.fields) {
      if (field.kind == Kind::message) CHECK(static_cast<size_t>(field.message) < kMessageCount);
    }
  }
  CHECK(is_item(Message::span));
  CHECK(holds_items(Message::traces_data));
  CHECK(holds_items(Message::gauge));
  CHECK_FALSE(holds_items(Message::span));
  CHECK_FALSE(holds_items(Message::resource));
}

}  // namespace
}  // namespace sluice::wire
