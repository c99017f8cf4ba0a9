/* SPDX-License-Identifier: Apache-2.0
 * create() gives up, with a text; and with a problem at its own settings, which is found by the address of the value.
 */
#include "tests/abi/broken/broken.h"

static const sluice_instance* create(const sluice_host* host, const sluice_value* config) {
  host->config_problem(host, config, SLUICE_ERROR, broken_str("config.check"), broken_str("nothing here is right"));
  host->set_error(host, 3, broken_str("the gates cannot be opened"));
  return NULL;
}

BROKEN_ENTRY(SLUICE_EXPORTER, "create_fails", create);
