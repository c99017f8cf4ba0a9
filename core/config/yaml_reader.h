// SPDX-License-Identifier: Apache-2.0
// YAML text to a tree. The only part that knows the YAML library, whose habits it hides: see yaml_reader_test.cc for
// each of them.
#ifndef SLUICE_CORE_CONFIG_YAML_READER_H
#define SLUICE_CORE_CONFIG_YAML_READER_H

#include <string_view>

#include "core/config/diagnostics.h"
#include "core/config/value.h"

namespace sluice::config {

// Reads the first document of a source into `root` (null if the source is empty). False if the text is no YAML; one
// diagnostic then says so. Mistakes that leave a tree, such as a key that stands twice, are diagnostics and true.
bool read_yaml(Sources& sources, uint32_t source, Diagnostics& diagnostics, Node& root);

// A syntax error, by what the library says of it and the map or list that was open.
struct SyntaxError {
  std::string_view message;
  Mark at;
  Mark open;
  bool in_map = false;
};
void explain_syntax_error(const Source& source, const SyntaxError& error, Diagnostics& diagnostics);

// UTF-8 without control characters, and not too much of it; else a diagnostic and false.
bool check_text(const Source& source, uint32_t index, Diagnostics& diagnostics);

}  // namespace sluice::config
#endif  // SLUICE_CORE_CONFIG_YAML_READER_H
