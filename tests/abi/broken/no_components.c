/* SPDX-License-Identifier: Apache-2.0
 * An entry without a component. */
#include "tests/abi/broken/broken.h"

static const sluice_component* const none[] = {NULL};
extern BROKEN_EXPORT const sluice_entry BROKEN_SYMBOL;
BROKEN_EXPORT const sluice_entry BROKEN_SYMBOL = {
    BROKEN_MAGIC, BROKEN_SIZE, BROKEN_MAJOR, BROKEN_MINOR, BROKEN_NEEDS, "broken_no_components", "1.2.3", "", none};
