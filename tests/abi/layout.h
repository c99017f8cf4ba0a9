/* SPDX-License-Identifier: Apache-2.0
 * The layout of the border's structs as text; see layout.c. */
#ifndef SLUICE_TESTS_ABI_LAYOUT_H
#define SLUICE_TESTS_ABI_LAYOUT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
/* Returns the length of the text. REQUIRES: size is enough, 16 KiB. */
size_t sluice_abi_layout(char* text, size_t size);
#ifdef __cplusplus
}
#endif
#endif /* SLUICE_TESTS_ABI_LAYOUT_H */
