// SPDX-License-Identifier: Apache-2.0
//
// The telemetry that the benchmarks send: encoded once, before anything is measured. Spans of 563 bytes on average,
// with 12 attributes and an event on half of them, random ids and values; the same seed gives the same bytes on every
// machine.
#ifndef SLUICE_BENCHMARKS_PAYLOAD_H
#define SLUICE_BENCHMARKS_PAYLOAD_H

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "plugins/wire/check.h"
#include "plugins/wire/writer.h"

namespace sluice::benchmarks {

class Payload {
  using Writer = wire::Writer<std::vector<uint8_t>>;

 public:
  explicit Payload(uint64_t seed) : random_(seed) {}

  /// One TracesData message of `spans` spans in one resource and scope.
  std::vector<uint8_t> traces(uint64_t spans) {
    std::vector<uint8_t> message;
    Writer writer(message);
    writer.message(1, [&](Writer& resource_spans) {
      resource_spans.message(1, [&](Writer& resource) {
        attribute(resource, 1, "service.name", "checkout");
        attribute(resource, 1, "service.instance.id", hex(32));
        attribute(resource, 1, "deployment.environment", "benchmark");
      });
      resource_spans.message(2, [&](Writer& scope_spans) {
        scope_spans.message(1, [&](Writer& scope) { scope.text(1, "io.example.http"); });
        for (uint64_t index = 0; index < spans; ++index) {
          scope_spans.message(2, [&](Writer& span) { fill_span(span, index % 2 == 1); });
        }
      });
    });
    return message;
  }

 private:
  static constexpr uint64_t kStart = 1'767'225'600'000'000'000;

  void fill_span(Writer& span, bool with_event) {
    const uint64_t start = kStart + random_() % 1'000'000'000;
    span.bytes(1, wire::to_bytes(raw(16)));
    span.bytes(2, wire::to_bytes(raw(8)));
    span.bytes(4, wire::to_bytes(raw(8)));
    span.text(5, "GET /api/v1/orders/{id}");
    span.varint(6, 2);
    span.fixed64(7, start);
    span.fixed64(8, start + random_() % 100'000'000);
    attribute(span, 9, "http.request.method", "GET");
    attribute(span, 9, "url.path", "/api/v1/orders/" + hex(12));
    attribute(span, 9, "url.scheme", "https");
    attribute(span, 9, "server.address", "orders.svc.cluster.local");
    attribute(span, 9, "client.address", hex(11));
    attribute(span, 9, "user_agent.original", "client/1.0 " + hex(25));
    attribute(span, 9, "http.route", "/api/v1/orders/{id}");
    attribute(span, 9, "enduser.id", hex(32));
    attribute(span, 9, "http.response.status_code", 200);
    attribute(span, 9, "http.response.body.size", static_cast<int64_t>(10'000 + random_() % 90'000));
    attribute(span, 9, "thread.id", static_cast<int64_t>(random_() % 100));
    attribute(span, 9, "network.protocol.version", "1.1");
    if (with_event) {
      span.message(11, [&](Writer& event) {
        event.fixed64(1, start + 1000);
        event.text(2, "cache.miss");
        attribute(event, 3, "cache.key", hex(17));
      });
    }
    span.message(15, [&](Writer& status) { status.varint(3, 1); });
  }

  void attribute(Writer& owner, uint32_t number, std::string_view key, std::string_view value) {
    owner.message(number, [&](Writer& pair) {
      pair.text(1, key);
      pair.message(2, [&](Writer& any) { any.text(1, value); });
    });
  }
  void attribute(Writer& owner, uint32_t number, std::string_view key, int64_t value) {
    owner.message(number, [&](Writer& pair) {
      pair.text(1, key);
      pair.message(2, [&](Writer& any) { any.signed_varint(3, value); });
    });
  }
  void attribute(Writer& owner, uint32_t number, std::string_view key, const char* value) {
    attribute(owner, number, key, std::string_view(value));
  }

  std::string raw(size_t size) {
    std::string bytes;
    while (bytes.size() < size) bytes.push_back(static_cast<char>(random_() % 255 + 1));
    return bytes;
  }
  std::string hex(size_t size) {
    std::string text;
    while (text.size() < size) text.push_back("0123456789abcdef"[random_() % 16]);
    return text;
  }

  std::mt19937_64 random_;
};

}  // namespace sluice::benchmarks

#endif  // SLUICE_BENCHMARKS_PAYLOAD_H
