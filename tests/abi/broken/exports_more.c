/* SPDX-License-Identifier: Apache-2.0
 * Right but for a second exported symbol, which may meet one of another plugin: linked without the version script. */
#include "tests/abi/broken/broken.h"

BROKEN_EXPORT int sluice_test_second_symbol(void);
BROKEN_EXPORT int sluice_test_second_symbol(void) {
  return 1;
}

static const sluice_instance* create(const sluice_host* host, const sluice_value* config) {
  (void)config;
  return &broken_new(host)->face;
}

BROKEN_ENTRY(SLUICE_EXPORTER, "exports_more", create);
