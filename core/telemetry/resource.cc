// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/resource.h"

#include <sys/random.h>

#include <array>
#include <map>
#include <random>

namespace sluice::telemetry {

Resource make_resource(const std::vector<config::ResourceAttribute>& written, std::string_view version,
                       std::string_view instance_id) {
  std::map<std::string, std::string> attributes = {{"service.name", "sluice"},
                                                   {"service.version", std::string(version)},
                                                   {"service.instance.id", std::string(instance_id)}};
  for (const auto& attribute : written) {
    if (attribute.removed)
      attributes.erase(attribute.name);
    else
      attributes[attribute.name] = attribute.value;
  }
  return {attributes.begin(), attributes.end()};
}

std::string random_uuid() {
  std::array<unsigned char, 16> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    std::random_device device;
    for (auto& byte : bytes) byte = static_cast<unsigned char>(device());
  }
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    constexpr char kHex[] = "0123456789abcdef";
    text += kHex[bytes[i] >> 4];
    text += kHex[bytes[i] & 15];
  }
  return text;
}

}  // namespace sluice::telemetry
