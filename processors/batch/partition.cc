// SPDX-License-Identifier: Apache-2.0
#include "processors/batch/partition.h"

#include <string_view>

namespace sluice::processors {

Partitioner::Partitioner(const std::vector<std::string>& metadata_keys) : keys_(metadata_keys) {
  for (std::string& key : keys_)
    for (char& c : key)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
}

std::string Partitioner::key_of(const sluice_context& context) const {
  std::string text;
  for (const std::string& key : keys_) {
    // Counts and lengths before the values: no value can be mistaken for the end of another.
    const auto found = values(metadata(context), key);
    text += std::to_string(found.size());
    text += ':';
    for (const std::string_view value : found) {
      text += std::to_string(value.size());
      text += ':';
      text += value;
    }
  }
  return text;
}

ContextRef Partitioner::context_of(const sluice_host* host, const sluice_context& context) const {
  ContextBuilder builder;
  for (const std::string& key : keys_)
    for (const std::string_view value : values(metadata(context), key)) builder.metadata(key, value);
  return builder.build(host);
}

}  // namespace sluice::processors
