// SPDX-License-Identifier: Apache-2.0
//
// Hidden cases: run `wire_test "[!benchmark]"` of a release build. The message is a thousand spans of 563 bytes with 12
// attributes, an event on every second one; times are for the thousand.
#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "plugins/wire/check.h"
#include "plugins/wire/rewrite.h"
#include "plugins/wire/split.h"
#include "plugins/wire/views.h"
#include "plugins/wire/writer.h"

namespace sluice::wire {
namespace {

using Out = Writer<std::string>;

void text_attribute(Out& out, uint32_t number, std::string_view key, std::string_view value) {
  out.message(number, [&](Out& attribute) {
    attribute.text(1, key);
    attribute.message(2, [&](Out& any) { any.text(1, value); });
  });
}

void int_attribute(Out& out, uint32_t number, std::string_view key, int64_t value) {
  out.message(number, [&](Out& attribute) {
    attribute.text(1, key);
    attribute.message(2, [&](Out& any) { any.signed_varint(3, value); });
  });
}

std::string thousand_spans() {
  std::mt19937_64 random(1);
  const auto id = [&](size_t size) {
    std::string bytes;
    for (size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(random()));
    return bytes;
  };
  std::string message;
  Out(message).message(1, [&](Out& resource_spans) {
    resource_spans.message(1, [](Out& resource) { text_attribute(resource, 1, "service.name", "checkout"); });
    resource_spans.message(2, [&](Out& scope_spans) {
      scope_spans.message(1, [](Out& scope) { scope.text(1, "opentelemetry.instrumentation.flask"); });
      for (int i = 0; i < 1000; ++i) {
        scope_spans.message(2, [&](Out& span) {
          span.text(1, id(16));
          span.text(2, id(8));
          span.text(4, id(8));
          span.text(5, "GET /api/v1/products/{product_id}/reviews");
          span.varint(6, 2);
          span.fixed64(7, random());
          span.fixed64(8, random());
          text_attribute(span, 9, "http.request.method", "GET");
          text_attribute(span, 9, "url.path", "/api/v1/products/7423/reviews");
          int_attribute(span, 9, "http.response.status_code", 200);
          text_attribute(span, 9, "server.address", "checkout.internal.example.com");
          int_attribute(span, 9, "server.port", 8080);
          text_attribute(span, 9, "user_agent.original", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0)");
          text_attribute(span, 9, "client.address", "10.1.2.3");
          text_attribute(span, 9, "network.protocol.version", "1.1");
          text_attribute(span, 9, "http.route", "/api/v1/products/{product_id}/reviews");
          int_attribute(span, 9, "thread.id", static_cast<int64_t>(random() % 100'000));
          text_attribute(span, 9, "enduser.id", "user-99231");
          text_attribute(span, 9, "app.cart.currency", "EUR");
          if (i % 2 == 1) {
            span.message(11, [&](Out& event) {
              event.fixed64(1, random());
              event.text(2, "cache.miss");
              text_attribute(event, 3, "cache.key", "product:7423");
            });
          }
          span.message(15, [](Out&) {});
        });
      }
    });
  });
  return message;
}

TEST_CASE("wire: a thousand spans", "[!benchmark]") {
  const std::string message = thousand_spans();
  const Bytes bytes = to_bytes(message);
  WARN("bytes in a span: " << message.size() / 1000);
  REQUIRE(check(Signal::traces, bytes).items == 1000);

  BENCHMARK("check") {
    return check(Signal::traces, bytes).items;
  };
  BENCHMARK("count") {
    return count_items(Signal::traces, bytes);
  };
  BENCHMARK("views of all attributes") {
    size_t size = 0;
    for (const ResourceSpans& resource : traces(bytes)) {
      for (const ScopeSpans& scope : resource.scopes) {
        for (const Span& span : scope.items) {
          for (const KeyValue& attribute : span.attributes) size += attribute.key.size();
        }
      }
    }
    return size;
  };
  std::string out;
  AttributeEdits edits;
  edits.upsert("deployment.environment.name", string_value("production"));
  BENCHMARK("one attribute more in each span") {
    out.clear();
    return rewrite_attributes(Signal::traces, bytes, Level::item, edits, out);
  };
  BENCHMARK("the slice of the middle half") {
    out.clear();
    append_slice(Signal::traces, bytes, 250, 500, out);
    return out.size();
  };
}

}  // namespace
}  // namespace sluice::wire
