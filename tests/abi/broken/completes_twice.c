/* SPDX-License-Identifier: Apache-2.0
 * Answers each call twice, with different answers. The first counts; the second is refused with INVALID, which it says
 * in its log. */
#include "tests/abi/broken/broken.h"

static sluice_status consume(void* self, const sluice_call* call) {
  const sluice_host* host = ((BrokenInstance*)self)->host;
  sluice_result result;
  memset(&result, 0, sizeof result);
  result.struct_size = sizeof result;
  result.status = SLUICE_DONE;
  host->complete(host, call->token, &result);
  result.status = SLUICE_FAILED_PERMANENT;
  if (host->complete(host, call->token, &result) == SLUICE_INVALID) broken_log(host, "second answer refused");
  return SLUICE_PENDING;
}

static const sluice_instance* create(const sluice_host* host, const sluice_value* config) {
  BrokenInstance* made = broken_new(host);
  (void)config;
  made->face.consume = consume;
  return &made->face;
}

BROKEN_ENTRY(SLUICE_EXPORTER, "completes_twice", create);
