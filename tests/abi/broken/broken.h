/* SPDX-License-Identifier: Apache-2.0
 * What the broken plugins of this folder share: an instance that does nothing wrong, in plain C without the SDK. Each
 * plugin includes this, breaks one rule, and ends with BROKEN_ENTRY. */
#ifndef SLUICE_TESTS_ABI_BROKEN_BROKEN_H
#define SLUICE_TESTS_ABI_BROKEN_BROKEN_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/abi/sluice_plugin.h"

#define BROKEN_EXPORT __attribute__((visibility("default")))

typedef struct BrokenInstance {
  sluice_instance face;
  const sluice_host* host;
} BrokenInstance;

static inline sluice_str broken_str(const char* text) {
  sluice_str str = {text, strlen(text)};
  return str;
}

static inline void broken_log(const sluice_host* host, const char* text) {
  sluice_log entry;
  memset(&entry, 0, sizeof entry);
  entry.struct_size = sizeof entry;
  entry.level = SLUICE_INFO;
  entry.text = broken_str(text);
  entry.file = "broken.c";
  host->log(host, &entry);
}

static inline sluice_status broken_control(void* self) {
  (void)self;
  return SLUICE_DONE;
}
static inline void broken_drain(void* self) {
  (void)self;
}
static inline void broken_stop(void* self, uint64_t deadline_mono_ns) {
  (void)self;
  (void)deadline_mono_ns;
}
static inline void broken_destroy(void* self) {
  free(self);
}
static inline sluice_status broken_consume(void* self, const sluice_call* call) {
  (void)self;
  (void)call;
  return SLUICE_DONE;
}
static inline void broken_sent(void* self, void* user, const sluice_result* result) {
  (void)self;
  (void)user;
  (void)result;
}
static inline void broken_number(void* self, uint32_t number) {
  (void)self;
  (void)number;
}
static inline const void* broken_interface(void* self, const char* id) {
  (void)self;
  (void)id;
  return NULL;
}

static inline BrokenInstance* broken_new(const sluice_host* host) {
  BrokenInstance* made = (BrokenInstance*)calloc(1, sizeof *made);
  made->host = host;
  made->face.struct_size = sizeof made->face;
  made->face.self = made;
  made->face.init = broken_control;
  made->face.start = broken_control;
  made->face.drain = broken_drain;
  made->face.stop = broken_stop;
  made->face.destroy = broken_destroy;
  made->face.consume = broken_consume;
  made->face.sent = broken_sent;
  made->face.resume = broken_number;
  made->face.timer = broken_number;
  made->face.get_interface = broken_interface;
  return made;
}

#ifndef BROKEN_SCHEMA
#define BROKEN_SCHEMA "{\"type\":\"object\",\"properties\":{}}"
#endif
static inline const char* broken_schema(void) {
  return BROKEN_SCHEMA;
}

#define BROKEN_ALL_SIGNALS (SLUICE_MASK(SLUICE_TRACES) | SLUICE_MASK(SLUICE_METRICS) | SLUICE_MASK(SLUICE_LOGS))

/* One component and the entry; what a plugin breaks in the entry it defines before: BROKEN_MAGIC and so on. */
#ifndef BROKEN_MAGIC
#define BROKEN_MAGIC SLUICE_ABI_MAGIC
#endif
#ifndef BROKEN_SIZE
#define BROKEN_SIZE sizeof(sluice_entry)
#endif
#ifndef BROKEN_MAJOR
#define BROKEN_MAJOR SLUICE_ABI_MAJOR
#endif
#ifndef BROKEN_MINOR
#define BROKEN_MINOR SLUICE_ABI_MINOR
#endif
#ifndef BROKEN_NEEDS
#define BROKEN_NEEDS SLUICE_ABI_NEEDS
#endif
#ifndef BROKEN_SYMBOL
#define BROKEN_SYMBOL sluice_plugin_entry_v0
#endif

#define BROKEN_ENTRY(kind_of_it, type_of_it, create_of_it)                                                    \
  static const char* const broken_none[] = {NULL};                                                            \
  static const sluice_component broken_component = {sizeof(sluice_component),                                 \
                                                    kind_of_it,                                               \
                                                    type_of_it,                                               \
                                                    broken_none,                                              \
                                                    broken_schema,                                            \
                                                    broken_none,                                              \
                                                    (kind_of_it) == SLUICE_RECEIVER ? 0 : BROKEN_ALL_SIGNALS, \
                                                    (kind_of_it) == SLUICE_EXPORTER ? 0 : BROKEN_ALL_SIGNALS, \
                                                    0,                                                        \
                                                    SLUICE_DEVELOPMENT,                                       \
                                                    create_of_it};                                            \
  static const sluice_component* const broken_components[] = {&broken_component, NULL};                       \
  extern BROKEN_EXPORT const sluice_entry BROKEN_SYMBOL;                                                      \
  BROKEN_EXPORT const sluice_entry BROKEN_SYMBOL = {BROKEN_MAGIC, BROKEN_SIZE,  BROKEN_MAJOR,                 \
                                                    BROKEN_MINOR, BROKEN_NEEDS, "broken_" type_of_it,         \
                                                    "1.2.3",      "",           broken_components}

#endif /* SLUICE_TESTS_ABI_BROKEN_BROKEN_H */
