// SPDX-License-Identifier: Apache-2.0
//
// Hidden cases: run `formats_loki_test "[!benchmark]"` of a release build. The message is a thousand log records of 335
// bytes with five attributes and a trace; times are for the thousand.
#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "plugins/formats/loki/push.h"
#include "plugins/formats/loki/testing.h"
#include "plugins/wire/writer.h"

namespace sluice::formats::loki {
namespace {

using Out = wire::Writer<std::string>;

void text_attribute(Out& out, uint32_t number, std::string_view key, std::string_view value) {
  out.message(number, [&](Out& attribute) {
    attribute.text(1, key);
    attribute.message(2, [&](Out& any) { any.text(1, value); });
  });
}

class Maker {
 public:
  std::string thousand_records() {
    std::string message;
    Out(message).message(1, [&](Out& resource_logs) {
      resource_logs.message(1, [&](Out& resource) {
        text_attribute(resource, 1, "service.name", "checkout");
        text_attribute(resource, 1, "service.instance.id", hex(32));
        text_attribute(resource, 1, "deployment.environment", "benchmark");
      });
      resource_logs.message(2, [&](Out& scope_logs) {
        scope_logs.message(1, [](Out& scope) { scope.text(1, "io.example.http"); });
        for (int i = 0; i < 1000; ++i) scope_logs.message(2, [&](Out& log) { fill(log); });
      });
    });
    return message;
  }

 private:
  void fill(Out& log) {
    log.fixed64(1, 1'767'225'600'000'000'000 + random_() % 1'000'000'000);
    log.varint(2, 9);
    log.text(3, "INFO");
    log.message(5, [&](Out& body) { body.text(1, "order " + hex(40) + " accepted for shipping from " + hex(31)); });
    text_attribute(log, 6, "http.request.method", "POST");
    text_attribute(log, 6, "url.path", "/api/v1/orders/" + hex(12));
    log.message(6, [](Out& attribute) {
      attribute.text(1, "http.response.status_code");
      attribute.message(2, [](Out& any) { any.signed_varint(3, 201); });
    });
    text_attribute(log, 6, "enduser.id", hex(24));
    text_attribute(log, 6, "thread.name", "worker-" + std::to_string(random_() % 64));
    log.text(9, hex(16));
    log.text(10, hex(8));
  }

  std::string hex(size_t digits) {
    std::string out;
    while (out.size() < digits) out += "0123456789abcdef"[random_() % 16];
    return out;
  }

  std::mt19937_64 random_{1};
};

TEST_CASE("loki push: a thousand records", "[!benchmark]") {
  const std::string message = Maker().thousand_records();
  const auto built = [&message] {
    PushBuilder builder({}, 0);
    builder.add(wire::to_bytes(message));
    return builder.take_pushes().at(0).take_message();
  };
  const std::vector<std::string> entries = testing::entries_of(built());
  REQUIRE(entries.size() == 1000);
  REQUIRE_THAT(entries[999], Catch::Contains(R"("severity":"INFO","attributes":{"enduser.id":")"));
  WARN("bytes in a record: " << message.size() / 1000 << ", in an entry: " << built().size() / 1000);

  BENCHMARK("push request") {
    return built();
  };
}

}  // namespace
}  // namespace sluice::formats::loki
