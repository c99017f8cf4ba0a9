// SPDX-License-Identifier: Apache-2.0
// Diagnostics as text and JSON. A quoted line shows keys, punctuation and the values that are known to be harmless;
// everything else becomes `*`.
#include "core/config/diagnostics.h"

#include <algorithm>
#include <utility>

#include "core/config/json.h"

namespace sluice::config {
namespace {

constexpr size_t kMaxShown = 160;  // characters of a quoted line

constexpr bool starts_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}
constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}
constexpr bool is_structure(char c) {
  return is_blank(c) || c == ':' || c == ',' || c == '[' || c == ']' || c == '{' || c == '}' || c == '-';
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '/' ||
         c == '-';
}

size_t characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

// Keys and values may hold anything that YAML can escape; a terminal must not obey it.
void append_clean(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\\x", out += kHex[byte >> 4], out += kHex[byte & 15];
    } else if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      out += "\\u00", out += kHex[static_cast<unsigned char>(text[i + 1]) >> 4],
          out += kHex[static_cast<unsigned char>(text[i + 1]) & 15];
      ++i;
    } else {
      out += text[i];
    }
  }
}

// Which bytes of a line may be shown, in a source that was read.
std::vector<bool> shown_bytes(const Source& source, Mark at, const Showable& showable) {
  const std::string_view line = source.line(at.line);
  const uint32_t begin = source.lines[at.line - 1];
  const auto end = begin + static_cast<uint32_t>(line.size());
  std::vector<bool> shown(line.size());
  const bool only_structure = std::all_of(line.begin(), line.end(), is_structure);
  auto span = std::partition_point(source.spans.begin(), source.spans.end(),
                                   [&](const Span& s) { return std::max(s.end, s.begin + 1) <= begin; });
  const bool starts_here =
      std::any_of(span, source.spans.end(), [&](const Span& s) { return s.begin >= begin && s.begin < end; });
  // A line on which nothing begins belongs to a text of several lines, unless it is all brackets.
  if (!starts_here && !only_structure) {
    std::fill(shown.begin(), shown.begin() + static_cast<ptrdiff_t>(line.find_first_not_of(" \t")), true);
    return shown;
  }
  for (size_t i = 0; i < line.size(); ++i) shown[i] = is_structure(line[i]);
  for (; span != source.spans.end() && span->begin < end; ++span) {
    const Mark mark{at.source, at.line, span->begin - begin + 1};
    const bool show = span->begin >= begin && (span->key ? source.origin != Origin::env : showable.contains(mark));
    for (uint32_t i = std::max(span->begin, begin); i < std::min(span->end, end); ++i) shown[i - begin] = show;
  }
  return shown;
}

// The same in a source that is no YAML: words in front of a colon at the beginning of the line, and short numbers.
std::vector<bool> guessed_bytes(std::string_view line, Origin origin) {
  std::vector<bool> shown(line.size());
  bool first = true;
  for (size_t i = 0; i < line.size();) {
    size_t end = i;
    while (end < line.size() && is_word(line[end])) ++end;
    if (end == i || (line[i] == '-' && (end == i + 1))) {
      shown[i] = is_structure(line[i]) || line[i] == '"' || line[i] == '\'';
      if (line[i] == '{' || line[i] == ',') first = true;
      ++i;
      continue;
    }
    const bool key = first && origin != Origin::env && end < line.size() && line[end] == ':' &&
                     (end + 1 == line.size() || is_blank(line[end + 1]));
    const bool number = end - i <= 4 && std::all_of(line.begin() + static_cast<ptrdiff_t>(i),
                                                    line.begin() + static_cast<ptrdiff_t>(end), is_digit);
    std::fill(shown.begin() + static_cast<ptrdiff_t>(i), shown.begin() + static_cast<ptrdiff_t>(end), key || number);
    first = false;
    i = end;
  }
  return shown;
}

std::string masked(std::string_view line, const std::vector<bool>& shown) {
  std::string out;
  for (size_t i = 0; i < line.size(); ++i) {
    if (shown[i]) {
      out += line[i];
    } else if (starts_character(line[i])) {
      out += '*';
    }
  }
  return out;
}

class TextRenderer {
 public:
  TextRenderer(const Sources& sources, const Showable& showable, const RenderOptions& options)
      : sources_(sources), showable_(showable), options_(options) {}

  void add(const Diagnostic& d) {
    place(d.mark);
    const bool is_error = d.severity == Severity::error;
    paint(is_error ? "\x1b[1;31m" : "\x1b[1;33m", is_error ? "error: " : "warning: ");
    if (!d.path.empty()) append_clean(out_, d.path), out_ += ": ";
    append_clean(out_, d.message);
    if (!d.help.empty()) out_ += "; ", append_clean(out_, d.help);
    paint("\x1b[2m", " [" + d.id + "]");
    out_ += '\n';
    if (d.mark && d.length) quote(d);
    for (const Note& note : d.notes) {
      out_ += "  ";
      place(note.mark);
      append_clean(out_, note.text);
      out_ += '\n';
    }
    for (Mark from = d.mark ? sources_[d.mark.source].from : Mark{}; from; from = sources_[from.source].from) {
      out_ += "  ";
      place(from);
      out_ += "from here\n";
    }
  }

  std::string finish(const Diagnostics& diagnostics) {
    const auto count = [&](size_t n, const char* what) { return std::to_string(n) + ' ' + what + (n == 1 ? "" : "s"); };
    if (!diagnostics.all().empty())
      out_ += count(diagnostics.errors(), "error") + ", " + count(diagnostics.warnings(), "warning") + '\n';
    return std::move(out_);
  }

 private:
  void paint(const char* colour, const std::string& text) {
    if (options_.colour) out_ += colour;
    out_ += text;
    if (options_.colour) out_ += "\x1b[0m";
  }

  void place(Mark mark) {
    if (!mark) return;
    const Source& source = sources_[mark.source];
    const std::string_view line = source.line(mark.line);
    append_clean(out_, source.name);
    out_ += ':' + std::to_string(mark.line) + ':' +
            std::to_string(characters(line.substr(0, std::min<size_t>(mark.column - 1, line.size()))) + 1) + ": ";
  }

  void quote(const Diagnostic& d) {
    const Source& source = sources_[d.mark.source];
    const std::string_view line = source.line(d.mark.line);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
    std::vector<bool> shown(line.size(), true);
    if (!options_.show_values)
      shown = source.failed ? guessed_bytes(line, source.origin) : shown_bytes(source, d.mark, showable_);
    std::string text = masked(line, shown);
    for (char& c : text)
      if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    const size_t column = std::min<size_t>(d.mark.column - 1, line.size());
    size_t before = characters(masked(line.substr(0, column), shown));
    size_t length = std::max<size_t>(1, characters(line.substr(column, d.length)));
    if (characters(text) > kMaxShown) shorten(text, before, length);
    const std::string number = std::to_string(d.mark.line);
    out_ += "  " + number + " | " + text + "\n  " + std::string(number.size(), ' ') + " | " + std::string(before, ' ');
    paint("\x1b[1;32m", std::string(length, '^'));
    out_ += '\n';
  }

  // Cuts a window around the caret out of a long line.
  static void shorten(std::string& text, size_t& before, size_t& length) {
    const size_t skip = before > kMaxShown / 2 ? before - kMaxShown / 2 : 0;
    size_t begin = 0, end = 0, seen = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      if (!starts_character(text[i])) continue;
      if (seen == skip) begin = i;
      if (seen++ == skip + kMaxShown) break;
      end = i;
    }
    while (end + 1 < text.size() && !starts_character(text[end + 1])) ++end;
    text = (skip ? "..." : "") + text.substr(begin, end + 1 - begin) + (end + 1 < text.size() ? "..." : "");
    before = before - skip + (skip ? 3 : 0);
    length = std::min(length, kMaxShown - std::min(kMaxShown - 1, before));
  }

  const Sources& sources_;
  const Showable& showable_;
  const RenderOptions& options_;
  std::string out_;
};

void append_place(std::string& out, const Sources& sources, Mark mark) {
  out += "\"file\":";
  append_json(out, mark ? std::string_view(sources[mark.source].name) : std::string_view());
  size_t column = 0;
  if (mark) {
    const std::string_view line = sources[mark.source].line(mark.line);
    column = characters(line.substr(0, std::min<size_t>(mark.column - 1, line.size()))) + 1;
  }
  out += ",\"line\":" + std::to_string(mark.line) + ",\"column\":" + std::to_string(column);
}

std::string render_json(const Diagnostics& diagnostics, const Sources& sources) {
  std::string out = "[";
  for (const Diagnostic& d : diagnostics.all()) {
    if (out.size() > 1) out += ',';
    out += "\n{\"id\":";
    append_json(out, d.id);
    out += d.severity == Severity::error ? ",\"severity\":\"error\"," : ",\"severity\":\"warning\",";
    append_place(out, sources, d.mark);
    out += ",\"length\":" + std::to_string(d.length) + ",\"path\":";
    append_json(out, d.path);
    out += ",\"message\":";
    append_json(out, d.message);
    out += ",\"help\":";
    append_json(out, d.help);
    out += ",\"notes\":[";
    for (const Note& note : d.notes) {
      if (&note != d.notes.data()) out += ',';
      out += '{';
      append_place(out, sources, note.mark);
      out += ",\"message\":";
      append_json(out, note.text);
      out += '}';
    }
    for (Mark from = d.mark ? sources[d.mark.source].from : Mark{}; from; from = sources[from.source].from) {
      out += out.back() == '[' ? "{" : ",{";
      append_place(out, sources, from);
      out += ",\"message\":\"from here\"}";
    }
    out += "]}";
  }
  return out += "]\n";
}

}  // namespace

Diagnostic& Diagnostics::error(std::string id, Mark mark, uint32_t length, std::string path, std::string message,
                               std::string help) {
  ++errors_;
  return all_.emplace_back(Diagnostic{
      std::move(id), Severity::error, mark, length, std::move(path), std::move(message), std::move(help), {}});
}

Diagnostic& Diagnostics::warning(std::string id, Mark mark, uint32_t length, std::string path, std::string message,
                                 std::string help) {
  return all_.emplace_back(Diagnostic{
      std::move(id), Severity::warning, mark, length, std::move(path), std::move(message), std::move(help), {}});
}

void Diagnostics::sort() {
  std::stable_sort(all_.begin(), all_.end(), [](const Diagnostic& a, const Diagnostic& b) { return a.mark < b.mark; });
}

std::string render(const Diagnostics& diagnostics, const Sources& sources, const Showable& showable,
                   const RenderOptions& options) {
  if (options.format == Format::json) return render_json(diagnostics, sources);
  TextRenderer text(sources, showable, options);
  for (const Diagnostic& d : diagnostics.all()) text.add(d);
  return text.finish(diagnostics);
}

}  // namespace sluice::config
