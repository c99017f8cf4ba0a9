// SPDX-License-Identifier: Apache-2.0
// What the mains of the benchmarks' programs share.
#ifndef SLUICE_BENCHMARKS_PROGRAM_H
#define SLUICE_BENCHMARKS_PROGRAM_H

#include <cstdio>
#include <exception>

namespace sluice::benchmarks {

// Runs a program whose run() may throw what its user should read.
inline int run_program(const char* name, int (*run)(int, char**), int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", name, error.what());
    return 1;
  }
}

}  // namespace sluice::benchmarks
#endif  // SLUICE_BENCHMARKS_PROGRAM_H
