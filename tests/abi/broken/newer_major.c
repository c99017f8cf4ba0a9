/* SPDX-License-Identifier: Apache-2.0
 * Built for the next major version of the border. */
#define BROKEN_MAJOR (SLUICE_ABI_MAJOR + 1)
#define BROKEN_MINOR 7
#include "tests/abi/broken/broken.h"

static const sluice_instance* create(const sluice_host* host, const sluice_value* config) {
  (void)config;
  return &broken_new(host)->face;
}

BROKEN_ENTRY(SLUICE_EXPORTER, "newer_major", create);
