/* SPDX-License-Identifier: Apache-2.0
 * init() fails with a text. Afterwards only destroy() may be called: anything else aborts. */
#include "tests/abi/broken/broken.h"

static sluice_status init(void* self) {
  const sluice_host* host = ((BrokenInstance*)self)->host;
  host->set_error(host, 14, broken_str("no water in the river"));
  return SLUICE_FAILED_PERMANENT;
}

static sluice_status start(void* self) {
  (void)self;
  abort();
}

static const sluice_instance* create(const sluice_host* host, const sluice_value* config) {
  BrokenInstance* made = broken_new(host);
  (void)config;
  made->face.init = init;
  made->face.start = start;
  return &made->face;
}

BROKEN_ENTRY(SLUICE_EXPORTER, "init_fails", create);
