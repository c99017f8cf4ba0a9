/* SPDX-License-Identifier: Apache-2.0
 * Says PENDING and never answers. */
#include "tests/abi/broken/broken.h"

static sluice_status consume(void* self, const sluice_call* call) {
  (void)self;
  (void)call;
  return SLUICE_PENDING;
}

static const sluice_instance* create(const sluice_host* host, const sluice_value* config) {
  BrokenInstance* made = broken_new(host);
  (void)config;
  made->face.consume = consume;
  return &made->face;
}

BROKEN_ENTRY(SLUICE_EXPORTER, "completes_never", create);
