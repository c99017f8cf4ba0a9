/* SPDX-License-Identifier: Apache-2.0
 * The symbol is there, but what it names is no entry: the magic number is another. */
#define BROKEN_MAGIC UINT64_C(0x4b4f4f424f4f4821)
#include "tests/abi/broken/broken.h"

static const sluice_instance* create(const sluice_host* host, const sluice_value* config) {
  (void)config;
  return &broken_new(host)->face;
}

BROKEN_ENTRY(SLUICE_EXPORTER, "wrong_magic", create);
