/* SPDX-License-Identifier: Apache-2.0
 * A shared library that is no plugin: it has an entry, but exports it under no name that the loader knows. */
#define BROKEN_SYMBOL some_other_symbol
#include "tests/abi/broken/broken.h"

static const sluice_instance* create(const sluice_host* host, const sluice_value* config) {
  (void)config;
  return &broken_new(host)->face;
}

BROKEN_ENTRY(SLUICE_EXPORTER, "no_symbol", create);
