/* SPDX-License-Identifier: Apache-2.0
 * The entry says that it is shorter than the first published one: it ends before its components. */
#define BROKEN_SIZE offsetof(sluice_entry, name)
#include "tests/abi/broken/broken.h"

static const sluice_instance* create(const sluice_host* host, const sluice_value* config) {
  (void)config;
  return &broken_new(host)->face;
}

BROKEN_ENTRY(SLUICE_EXPORTER, "short_struct_size", create);
