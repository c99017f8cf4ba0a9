/* SPDX-License-Identifier: Apache-2.0
 * Takes a reference to each batch and never gives it back. */
#include "tests/abi/broken/broken.h"

static sluice_status consume(void* self, const sluice_call* call) {
  ((BrokenInstance*)self)->host->batch_retain(call->batch);
  return SLUICE_DONE;
}

static const sluice_instance* create(const sluice_host* host, const sluice_value* config) {
  BrokenInstance* made = broken_new(host);
  (void)config;
  made->face.consume = consume;
  return &made->face;
}

BROKEN_ENTRY(SLUICE_EXPORTER, "leaks_batch", create);
