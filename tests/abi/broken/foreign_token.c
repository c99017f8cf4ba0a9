/* SPDX-License-Identifier: Apache-2.0
 * Answers a call that never was beside the one that is, and says in its log what it was told. */
#include "tests/abi/broken/broken.h"

static sluice_status consume(void* self, const sluice_call* call) {
  const sluice_host* host = ((BrokenInstance*)self)->host;
  sluice_result result;
  memset(&result, 0, sizeof result);
  result.struct_size = sizeof result;
  result.status = SLUICE_DONE;
  if (host->complete(host, call->token ^ UINT64_C(0x5555555555555555), &result) == SLUICE_INVALID)
    broken_log(host, "foreign token refused");
  return SLUICE_DONE;
}

static const sluice_instance* create(const sluice_host* host, const sluice_value* config) {
  BrokenInstance* made = broken_new(host);
  (void)config;
  made->face.consume = consume;
  return &made->face;
}

BROKEN_ENTRY(SLUICE_EXPORTER, "foreign_token", create);
