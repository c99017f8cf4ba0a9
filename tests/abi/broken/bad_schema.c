/* SPDX-License-Identifier: Apache-2.0
 * A setting without a description, whose default it would refuse. */
#define BROKEN_SCHEMA                                                                                                  \
  "{\"type\":\"object\",\"properties\":{\"size\":{\"type\":\"integer\",\"x-int\":\"u32\",\"minimum\":1,\"default\":0}" \
  "}}"
#include "tests/abi/broken/broken.h"

static const sluice_instance* create(const sluice_host* host, const sluice_value* config) {
  (void)config;
  return &broken_new(host)->face;
}

BROKEN_ENTRY(SLUICE_EXPORTER, "bad_schema", create);
