// SPDX-License-Identifier: Apache-2.0
// Writes a payload file and prints what is in it as one line of JSON.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "benchmarks/payload.h"
#include "benchmarks/program.h"

namespace sluice::benchmarks {
namespace {

int run(int argc, char** argv) {
  Shape shape;
  std::string kind = "traces", file;
  CLI::App app("Writes a payload file for the benchmarks.");
  app.add_option("--kind", kind, "traces, logs, sums, gauges, histograms or exponential_histograms");
  app.add_option("--requests", shape.requests, "different requests")->check(CLI::PositiveNumber);
  app.add_option("--items", shape.items_per_request, "items a request")->check(CLI::PositiveNumber);
  app.add_option("--item-bytes", shape.item_bytes, "size of an item; 0: as applications send them");
  app.add_option("--seed", shape.seed, "of the random values");
  app.add_option("file", file, "where to")->required();
  CLI11_PARSE(app, argc, argv);
  const auto known = kind_of(kind);
  if (!known) {
    std::fprintf(stderr, "make_payload: there is no kind \"%s\"; see --help\n", kind.c_str());
    return 64;
  }
  shape.kind = *known;
  const auto payload = Payload::make(shape);
  payload.write(file);
  std::printf("{\"kind\": \"%s\", \"requests\": %u, \"items_per_request\": %u, \"bytes_per_item\": %.1f}\n",
              kind.c_str(), shape.requests, shape.items_per_request,
              static_cast<double>(payload.bytes()) / static_cast<double>(payload.items()));
  return 0;
}

}  // namespace
}  // namespace sluice::benchmarks

int main(int argc, char** argv) {
  return sluice::benchmarks::run_program("make_payload", sluice::benchmarks::run, argc, argv);
}
