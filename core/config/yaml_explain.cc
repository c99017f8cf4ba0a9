// SPDX-License-Identifier: Apache-2.0
// What a syntax error means to the person who wrote the file. The library speaks of tokens, and notices most mistakes
// some characters after them.
#include <string>

#include "core/config/yaml_reader.h"

namespace sluice::config {
namespace {

struct Explanation {
  std::string_view library;  // what its message begins with
  const char* message;
  const char* help;
};
constexpr Explanation kExplanations[] = {
    {"illegal map value", "a colon is not allowed here",
     "put a text that has \": \" in it into quotes, or check the indentation of this line and the one before"},
    {"illegal block entry", "a list item is not allowed here", "put each item on a line of its own, below its key"},
    {"illegal flow end", "a bracket closes nothing that is open", "remove it, or put the text into quotes"},
    {"unknown token", "a text cannot begin with this character", "put the text into quotes"},
    {"unknown escape character", "there is no such escape in a text in double quotes",
     "write \\\\ for a backslash, or use single quotes"},
    {"the referenced anchor is not defined", "the alias names an anchor that is not defined above it",
     "define it with &name first, or put a text that begins with * into quotes"},
    {"end of map not found", "this does not fit the map that is open here",
     "check the indentation, and that nothing follows a quoted text"},
    {"end of sequence not found", "this does not fit the list that is open here",
     "check the indentation, and that each item begins with \"- \""},
};

// The tab that is to blame, in the indentation of this line or the one before.
Mark find_tab(const Source& source, Mark at) {
  for (uint32_t line : {at.line, at.line - 1}) {
    const std::string_view text = source.line(line);
    const size_t tab = text.find('\t');
    if (tab != std::string_view::npos && text.find_first_not_of(" \t") > tab)
      return {at.source, line, static_cast<uint32_t>(tab + 1)};
  }
  return {};
}

size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead < 0xF0) {
    if (!follows(1) || !follows(2) || (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) >= 0xA0)) return 0;
    return 3;
  }
  if (lead >= 0xF0 && lead < 0xF5) {
    if (!follows(1) || !follows(2) || !follows(3) || (lead == 0xF0 && byte(1) < 0x90) ||
        (lead == 0xF4 && byte(1) >= 0x90))
      return 0;
    return 4;
  }
  return 0;
}

}  // namespace

void explain_syntax_error(const Source& source, const SyntaxError& error, Diagnostics& diagnostics) {
  if (const Mark tab = find_tab(source, error.at)) {
    diagnostics.error("yaml.tab", tab, 1, "", "a tab indents this line; YAML allows spaces only",
                      "replace the tab by spaces");
    return;
  }
  const std::string_view line = source.line(error.at.line);
  const size_t column = error.at.column - 1;
  if (column > 0 && column < line.size() && line[column] == '{' && line[column - 1] == '$') {
    diagnostics.error("yaml.flow-expansion", {error.at.source, error.at.line, error.at.column - 1}, 2, "",
                      "${..} inside [ ] or { } without quotes is no YAML", "put it into double quotes");
    return;
  }
  if (error.message.starts_with("end of map flow") || error.message.starts_with("end of sequence flow")) {
    diagnostics
        .error("yaml.unclosed", error.open, 1, "",
               std::string("the bracket ") + (error.in_map ? "{" : "[") + " is not closed",
               std::string("expected \",\" or \"") + (error.in_map ? "}" : "]") + "\"")
        .notes.push_back({error.at, "it was still open here"});
    return;
  }
  const char* id = error.message.starts_with("the referenced anchor") ? "yaml.alias" : "yaml.syntax";
  for (const Explanation& known : kExplanations) {
    if (!error.message.starts_with(known.library)) continue;
    Diagnostic& said = diagnostics.error(id, error.at, 1, "", known.message, known.help);
    if (error.open && known.library.starts_with("end of"))
      said.notes.push_back({error.open, error.in_map ? "the map begins here" : "the list begins here"});
    return;
  }
  diagnostics.error(id, error.at, 1, "", std::string(error.message), "this is no YAML");
}

bool check_text(const Source& source, uint32_t index, Diagnostics& diagnostics) {
  const std::string_view text = source.text;
  if (text.size() > kMaxSourceBytes) {
    diagnostics.error("yaml.too-large", {index, 1, 1}, 1, "", "more than 16 MiB of text", "split the configuration");
    return false;
  }
  Mark at{index, 1, 1};
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const size_t length = utf8_length(text.substr(i));
    const bool control = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F ||
                         (c == 0xC2 && length == 2 && static_cast<unsigned char>(text[i + 1]) < 0xA0 &&
                          static_cast<unsigned char>(text[i + 1]) != 0x85);
    if (length == 0 || control) {
      diagnostics.error(
          "yaml.encoding", at, 1, "",
          length == 0 ? "the text is not UTF-8 from here on" : "a control character stands here",
          length == 0 ? "save the file as UTF-8" : "remove it, or write it as an escape in double quotes");
      return false;
    }
    at.column += static_cast<uint32_t>(length);
    i += length;
    if (c == '\n') ++at.line, at.column = 1;
  }
  return true;
}

}  // namespace sluice::config
