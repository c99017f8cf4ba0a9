// SPDX-License-Identifier: Apache-2.0
#include "core/batch/context.h"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

using namespace sluice;

namespace {
sluice_str str(std::string_view text) {
  return {text.data(), text.size()};
}
std::string_view view(sluice_str text) {
  return {text.ptr, text.len};
}
}  // namespace

TEST_CASE("context: fields, are copied", "[batch]") {
  std::string peer = "127.0.0.1:5", key = "x-scope-orgid", value = "team-a", subject = "sub";
  sluice_kv metadata[] = {{str(key), str(value)}, {str(key), str("")}};
  sluice_kv auth[] = {{str(subject), str(value)}};
  sluice_context fields{};
  fields.peer_address = str(peer);
  fields.transport = str("grpc");
  fields.metadata = metadata;
  fields.metadata_count = 2;
  fields.auth = auth;
  fields.auth_count = 1;
  fields.span_id[3] = 9;
  fields.received_unix_ns = 42;
  auto context = batch::ContextPtr::take(batch::context_new(fields));
  peer = key = value = subject = "overwritten now";
  CHECK(context->struct_size == sizeof(sluice_context));
  CHECK(view(context->peer_address) == "127.0.0.1:5");
  CHECK(view(context->transport) == "grpc");
  REQUIRE(context->metadata_count == 2);
  CHECK(view(context->metadata[0].key) == "x-scope-orgid");
  CHECK(view(context->metadata[0].value) == "team-a");
  CHECK(view(context->metadata[1].value).empty());
  CHECK(view(context->auth[0].value) == "team-a");
  CHECK(context->span_id[3] == 9);
  CHECK(context->received_unix_ns == 42);
}

TEST_CASE("context: the empty one, outlives every release", "[batch]") {
  const sluice_context* empty = batch::empty_context();
  for (int i = 0; i < 3; ++i) batch::release(empty);
  CHECK(empty->metadata_count == 0);
  CHECK(empty == batch::empty_context());
}
