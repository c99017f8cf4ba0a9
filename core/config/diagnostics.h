// SPDX-License-Identifier: Apache-2.0
// What is said about a configuration: one mistake, one diagnostic, all at once, each with its place. Rendering masks
// what may be a secret (docs/configuration.md, "Secrets in messages").
#ifndef SLUICE_CORE_CONFIG_DIAGNOSTICS_H
#define SLUICE_CORE_CONFIG_DIAGNOSTICS_H

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/value.h"

namespace sluice::config {

enum class Severity : uint8_t { warning, error };

struct Note {
  Mark mark;
  std::string text;
};

struct Diagnostic {
  std::string id;  // a heading of docs/errors.md
  Severity severity = Severity::error;
  Mark mark;            // none: of the configuration as a whole
  uint32_t length = 1;  // bytes that the caret underlines; 0: the line is not quoted
  std::string path;     // "receivers::otlp::protocols"
  std::string message;  // what was found
  std::string help;     // what is accepted, or what to do
  std::vector<Note> notes;
};

enum class Format : uint8_t { text, json };

struct RenderOptions {
  Format format = Format::text;
  bool colour = false;
  bool show_values = false;  // lifts the masking of quoted lines
};

class Diagnostics {
 public:
  Diagnostic& error(std::string id, Mark mark, uint32_t length, std::string path, std::string message,
                    std::string help = {});
  Diagnostic& warning(std::string id, Mark mark, uint32_t length, std::string path, std::string message,
                      std::string help = {});

  const std::vector<Diagnostic>& all() const { return all_; }
  size_t errors() const { return errors_; }
  size_t warnings() const { return all_.size() - errors_; }
  void sort();  // by place; equal places keep the order in which they were found

 private:
  std::vector<Diagnostic> all_;
  size_t errors_ = 0;
};

// The values whose text may be printed: those that a schema knows and does not call secret. All others are masked.
using Showable = std::set<Mark>;

// Text: a line per diagnostic as editors parse it, the source line, a caret, the notes, at the end "2 errors, 1
// warning". JSON: a list of {id, severity, file, line, column, length, path, message, help, notes}.
std::string render(const Diagnostics& diagnostics, const Sources& sources, const Showable& showable,
                   const RenderOptions& options);

}  // namespace sluice::config
#endif  // SLUICE_CORE_CONFIG_DIAGNOSTICS_H
