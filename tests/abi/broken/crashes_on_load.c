/* SPDX-License-Identifier: Apache-2.0
 * Runs code when it is loaded and dies of it: where the environment asks for that, since tests load the whole folder.
 */
#include "tests/abi/broken/broken.h"

__attribute__((constructor)) static void die(void) {
  if (getenv("SLUICE_TEST_CRASH_ON_LOAD")) abort();
}

static const sluice_instance* create(const sluice_host* host, const sluice_value* config) {
  (void)config;
  return &broken_new(host)->face;
}

BROKEN_ENTRY(SLUICE_EXPORTER, "crashes_on_load", create);
