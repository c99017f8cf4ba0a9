/* SPDX-License-Identifier: Apache-2.0
 * A receiver that goes on after stop(): in destroy() it reserves, makes a buffer, sends and sets a timer. All of that
 * must be refused, while log() and now_mono_ns() must work; what was not as it should be stands in the log. */
#include "tests/abi/broken/broken.h"

static void destroy(void* self) {
  const sluice_host* host = ((BrokenInstance*)self)->host;
  sluice_context context;
  sluice_batch batch;
  sluice_segment segment = {(const uint8_t*)"", 0, 0};
  sluice_send send;
  memset(&context, 0, sizeof context);
  context.struct_size = sizeof context;
  memset(&batch, 0, sizeof batch);
  batch.struct_size = sizeof batch;
  batch.segments = &segment;
  batch.segment_count = 1;
  memset(&send, 0, sizeof send);
  send.struct_size = sizeof send;
  send.batch = &batch; /* not made by the core: it must refuse before it looks inside */
  send.context = &context;

  if (host->reserve(host, 1) == SLUICE_DONE) broken_log(host, "reserve() after stop() was granted");
  if (host->buffer_new(host, 1) != NULL) broken_log(host, "buffer_new() after stop() gave memory");
  if (host->send(host, &send, NULL) != SLUICE_CANCELLED) broken_log(host, "send() after stop() was not refused");
  host->set_timer(host, 0, host->now_mono_ns(host) + 1);
  broken_log(host, "still calling after stop");
  free(self);
}

static const sluice_instance* create(const sluice_host* host, const sluice_value* config) {
  BrokenInstance* made = broken_new(host);
  (void)config;
  made->face.destroy = destroy;
  made->face.consume = NULL;
  return &made->face;
}

BROKEN_ENTRY(SLUICE_RECEIVER, "calls_after_stop", create);
