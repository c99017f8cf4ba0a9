// SPDX-License-Identifier: Apache-2.0
// Who sent a batch: peer, request metadata, authentication, trace parent. Immutable and counted like a batch; a
// receiver builds one per request, everybody else passes on what came.
#ifndef SLUICE_PLUGINS_SDK_CONTEXT_H
#define SLUICE_PLUGINS_SDK_CONTEXT_H

#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/abi/sluice_plugin.h"
#include "plugins/sdk/counted.h"
#include "plugins/sdk/str.h"

namespace sluice {

inline std::span<const sluice_kv> metadata(const sluice_context& context) {
  return {context.metadata, context.metadata_count};
}

inline std::span<const sluice_kv> auth(const sluice_context& context) {
  return {context.auth, context.auth_count};
}

// All values of `key` in the order they were sent; keys are lower case. Empty: the request had no such key.
inline std::vector<std::string_view> values(std::span<const sluice_kv> pairs, std::string_view key) {
  std::vector<std::string_view> found;
  for (const sluice_kv& pair : pairs)
    if (view(pair.key) == key) found.push_back(view(pair.value));
  return found;
}

class ContextRef
    : public detail::Counted<ContextRef, sluice_context, &sluice_host::context_retain, &sluice_host::context_release> {
 public:
  using Counted::Counted;
};

// Collects the fields of a context; build() has the core copy them all.
class ContextBuilder {
 public:
  ContextBuilder& peer(std::string_view address) {
    fields_.peer_address = keep(address);
    return *this;
  }
  // "grpc", "http", "tcp" ...
  ContextBuilder& transport(std::string_view name) {
    fields_.transport = keep(name);
    return *this;
  }
  // `key` is lowered; a repeated key is a second value.
  ContextBuilder& metadata(std::string_view key, std::string_view value) {
    metadata_.push_back({keep_lower(key), keep(value)});
    return *this;
  }
  ContextBuilder& auth(std::string_view key, std::string_view value) {
    auth_.push_back({keep(key), keep(value)});
    return *this;
  }
  ContextBuilder& auth(std::span<const sluice_kv> pairs) {
    for (const sluice_kv& pair : pairs) auth(view(pair.key), view(pair.value));
    return *this;
  }
  ContextBuilder& trace(const std::array<uint8_t, 16>& trace_id, const std::array<uint8_t, 8>& span_id) {
    std::memcpy(fields_.trace_id, trace_id.data(), trace_id.size());
    std::memcpy(fields_.span_id, span_id.data(), span_id.size());
    return *this;
  }
  ContextBuilder& received_unix_ns(uint64_t time) {
    fields_.received_unix_ns = time;
    return *this;
  }
  ContextBuilder& flags(uint32_t flags) {
    fields_.flags = flags;
    return *this;
  }
  ContextRef build(const sluice_host* host) {
    fields_.struct_size = sizeof fields_;
    fields_.metadata = metadata_.data();
    fields_.metadata_count = static_cast<uint32_t>(metadata_.size());
    fields_.auth = auth_.data();
    fields_.auth_count = static_cast<uint32_t>(auth_.size());
    return ContextRef::take(host, host->context_new(host, &fields_));
  }

 private:
  sluice_str keep(std::string_view text) { return str(texts_.emplace_back(text)); }
  sluice_str keep_lower(std::string_view text) {
    std::string& kept = texts_.emplace_back(text);
    for (char& c : kept)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return str(kept);
  }

  sluice_context fields_{};
  std::deque<std::string> texts_;  // a deque: its elements stay where they are
  std::vector<sluice_kv> metadata_, auth_;
};

}  // namespace sluice
#endif  // SLUICE_PLUGINS_SDK_CONTEXT_H
