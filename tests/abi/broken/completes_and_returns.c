/* SPDX-License-Identifier: Apache-2.0
 * Answers each call by complete() and by the value that consume() returns, which contradict each other. */
#include "tests/abi/broken/broken.h"

static sluice_status consume(void* self, const sluice_call* call) {
  const sluice_host* host = ((BrokenInstance*)self)->host;
  sluice_result result;
  memset(&result, 0, sizeof result);
  result.struct_size = sizeof result;
  result.status = SLUICE_DONE;
  host->complete(host, call->token, &result);
  return SLUICE_FAILED_PERMANENT;
}

static const sluice_instance* create(const sluice_host* host, const sluice_value* config) {
  BrokenInstance* made = broken_new(host);
  (void)config;
  made->face.consume = consume;
  return &made->face;
}

BROKEN_ENTRY(SLUICE_EXPORTER, "completes_and_returns", create);
