// SPDX-License-Identifier: Apache-2.0
// Small, valid OTLP messages for tests: one resource, one scope, `count` items named "<name>-0", "<name>-1" and so on.
#ifndef SLUICE_PLUGINS_TESTING_MESSAGES_H
#define SLUICE_PLUGINS_TESTING_MESSAGES_H

#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/abi/sluice_plugin.h"
#include "plugins/wire/writer.h"

namespace sluice::testing {

inline std::string message(sluice_signal signal, uint64_t count, std::string_view name = "item",
                           std::string_view service = "demo") {
  std::string out;
  wire::Writer writer(out);
  const auto string_value = [](auto& value, std::string_view text) { value.text(1, text); };
  writer.message(1, [&](auto& resource_items) {
    resource_items.message(1, [&](auto& resource) {
      resource.message(1, [&](auto& attribute) {
        attribute.text(1, "service.name");
        attribute.message(2, [&](auto& value) { string_value(value, service); });
      });
    });
    resource_items.message(2, [&](auto& scope_items) {
      scope_items.message(1, [](auto& scope) { scope.text(1, "lib"); });
      for (uint64_t i = 0; i < count; ++i) {
        const std::string item_name = std::string(name) + "-" + std::to_string(i);
        scope_items.message(2, [&](auto& item) {
          switch (signal) {
            case SLUICE_TRACES:
              item.text(1, "0123456789abcdef");
              item.text(2, "01234567");
              item.text(5, item_name);
              break;
            case SLUICE_METRICS:
              item.text(1, item_name);
              item.message(5, [](auto& gauge) { gauge.message(1, [](auto& point) { point.fixed64(6, 7); }); });
              break;
            default:
              item.message(5, [&](auto& body) { string_value(body, item_name); });
          }
        });
      }
    });
  });
  return out;
}

// The samples of docs: one span "GET /", one metric "hits", one log record "hello", each of service "demo".
inline std::string bytes_of_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) out += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  return out;
}
inline std::string sample_traces() {
  return bytes_of_hex(
      "0a740a180a160a0c736572766963652e6e616d6512060a0464656d6f12580a050a036c6962124f0a100102030405060708090a0b0c0d0e0f"
      "10120811121314151617182a05474554202f30023900002a36fe9c97174180b21045fe9c97174a120a0b687474702e737461747573120318"
      "c8017a021801");
}
inline std::string sample_metrics() {
  return bytes_of_hex(
      "0a3e0a180a160a0c736572766963652e6e616d6512060a0464656d6f122212200a04686974733a180a121900002a36fe9c97173107000000"
      "0000000010021801");
}
inline std::string sample_logs() {
  return bytes_of_hex(
      "0a380a180a160a0c736572766963652e6e616d6512060a0464656d6f121c121a0900002a36fe9c971710091a04494e464f2a070a0568656c"
      "6c6f");
}

}  // namespace sluice::testing
#endif  // SLUICE_PLUGINS_TESTING_MESSAGES_H
