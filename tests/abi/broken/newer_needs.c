/* SPDX-License-Identifier: Apache-2.0
 * Built for a later minor version of the border, and does not run on an older one. */
#define BROKEN_MINOR (SLUICE_ABI_MINOR + 3)
#define BROKEN_NEEDS (SLUICE_ABI_MINOR + 2)
#include "tests/abi/broken/broken.h"

static const sluice_instance* create(const sluice_host* host, const sluice_value* config) {
  (void)config;
  return &broken_new(host)->face;
}

BROKEN_ENTRY(SLUICE_EXPORTER, "newer_needs", create);
