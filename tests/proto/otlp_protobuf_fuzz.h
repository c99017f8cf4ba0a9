// SPDX-License-Identifier: Apache-2.0
//
// The fuzz target and its comparison, for the tests that use them on messages of their own.
#ifndef SLUICE_TESTS_PROTO_OTLP_PROTOBUF_FUZZ_H
#define SLUICE_TESTS_PROTO_OTLP_PROTOBUF_FUZZ_H

#include <cstddef>
#include <cstdint>
#include <string>

#include "plugins/wire/signal.h"

namespace sluice::fuzz {

/// Compares check() with protobuf's parser: "" where they agree, or differ by a documented limit of check().
std::string compare(wire::Signal signal, wire::Bytes message);

}  // namespace sluice::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

#endif  // SLUICE_TESTS_PROTO_OTLP_PROTOBUF_FUZZ_H
