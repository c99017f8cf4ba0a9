// SPDX-License-Identifier: Apache-2.0
// Checking single values, lists and free maps; maps with known keys are in check_object.cc.
#include "core/config/check.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "core/config/format.h"
#include "core/config/scalar.h"
#include "core/config/suggest.h"

namespace sluice::config {
namespace {

constexpr size_t kBlock = 512;        // values
constexpr size_t kLongestShown = 60;  // bytes of a value in a message

int32_t kind_of(SettingType type) {
  constexpr int32_t kKinds[] = {SLUICE_NULL,     SLUICE_BOOL,  SLUICE_INT,    SLUICE_DOUBLE,    SLUICE_STRING,
                                SLUICE_DURATION, SLUICE_BYTES, SLUICE_SECRET, SLUICE_COMPONENT, SLUICE_MAP,
                                SLUICE_LIST,     SLUICE_MAP,   SLUICE_MAP};
  return kKinds[static_cast<size_t>(type)];
}

std::string expected(const Setting& s) {
  if (!s.choices.empty()) return "one of " + quoted_list(s.choices, "or");
  switch (s.type) {
    case SettingType::boolean:
      return "true or false";
    case SettingType::integer:
      return "a whole number";
    case SettingType::number:
      return "a number";
    case SettingType::duration:
      return "a duration such as 500ms, 10s, 1h30m";
    case SettingType::bytes:
      return "a size such as 1048576 or 20MiB";
    case SettingType::secret:
      return "text (a secret)";
    case SettingType::component:
      return "the id of an extension";
    case SettingType::headers:
      return "a map of headers";
    case SettingType::list:
      return "a list";
    case SettingType::map:
    case SettingType::object:
      return "a map";
    default:
      return "text";
  }
}

std::string advice(const Setting& s, const Node& node) {
  const bool number = node.kind == NodeKind::integer || node.kind == NodeKind::real;
  const bool whole = node.kind == NodeKind::integer && node.text.size() <= 9;
  switch (s.type) {
    case SettingType::text:
    case SettingType::secret:
      if (!s.choices.empty() && std::find(s.choices.begin(), s.choices.end(), node.text) == s.choices.end()) return "";
      return node.is_scalar() ? "put it in quotes" : "";
    case SettingType::duration:
      return whole && !node.expanded() ? "write " + node.text + "s for seconds, or " + node.text + "ms"
             : number                  ? "a unit is missing: ns, us, ms, s, m, h"
                                       : "";
    case SettingType::integer:
    case SettingType::number:
      return node.kind == NodeKind::string && resolve_scalar(node.text).kind != NodeKind::string ? "remove the quotes"
                                                                                                 : "";
    case SettingType::boolean:
      return node.kind == NodeKind::string ? "write true or false, without quotes" : "";
    case SettingType::list:
      return node.is_map() ? "begin each item with \"- \"" : "write [ ] around it";
    case SettingType::map:
    case SettingType::object:
      return node.is_list() ? "write `key: value` instead of \"- \"" : "";
    default:
      return "";
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return out;
}

bool holds_broken(const Node& node) {
  return node.broken || std::any_of(node.children.begin(), node.children.end(), holds_broken);
}

bool is_text(SettingType type) {
  return type == SettingType::text || type == SettingType::secret || type == SettingType::component;
}

}  // namespace

sluice_value* ValueArena::values(size_t count) {
  if (count > left_) {
    left_ = std::max(count, kBlock);
    blocks_.push_back(std::make_unique<sluice_value[]>(left_));
    next_ = blocks_.back().get();
  }
  sluice_value* const first = next_;
  next_ += count;
  left_ -= count;
  return first;
}

sluice_str ValueArena::keep(std::string text) {
  return to_str(texts_.emplace_back(std::move(text)));
}

const sluice_value* Checker::check(const Setting& setting, Node* node, Mark mark, uint32_t length,
                                   std::string_view path, Found& found) {
  found_ = &found;
  root_path_ = path;
  valid_ = true;
  sluice_value* const out = arena_.values(1);
  value(setting, node, *out, Frame{nullptr, {}, -1, mark, length});
  return valid_ ? out : nullptr;
}

void Checker::value(const Setting& s, Node* node, sluice_value& out, const Frame& frame) {
  out.kind = kind_of(s.type);
  if (node) {
    if (s.type == SettingType::secret || s.type == SettingType::headers) {
      found_->hidden.push_back(node->mark);
    } else if (s.type != SettingType::any) {
      mark_shown(s, *node);
    }
  }
  if (node && node->broken) {
    valid_ = false;
    defaults(s, out, frame);
    return;
  }
  if (node) out.flags = SLUICE_WRITTEN;
  const bool null = node && node->kind == NodeKind::null;
  if (s.section == SectionKind::none) {
    null ? no_value(s, *node, out, frame) : fill(s, node, out, frame);
  } else if (!node ? s.section != SectionKind::on : null && s.section == SectionKind::optional) {
    out.kind = SLUICE_NULL;
  } else if (node && switched_off(s, node, frame)) {
    ++off_;
    fill(s, node, out, frame);  // its mistakes are mistakes all the same
    --off_;
    out = {SLUICE_NULL, 0, 0, 0, {}, out.key, nullptr, SLUICE_WRITTEN, 0};
  } else {
    fill(s, node, out, frame);
  }
}

void Checker::fill(const Setting& s, Node* node, sluice_value& out, const Frame& frame) {
  if (s.type == SettingType::object) return object(s, node, out, frame);
  if (!node) return defaults(s, out, frame);
  switch (s.type) {
    case SettingType::boolean:
      return boolean(s, *node, out, frame);
    case SettingType::integer:
      return integer(s, *node, out, frame);
    case SettingType::number:
      return number(s, *node, out, frame);
    case SettingType::text:
    case SettingType::secret:
    case SettingType::component:
      return text(s, *node, out, frame);
    case SettingType::duration:
      return duration(s, *node, out, frame);
    case SettingType::bytes:
      return bytes(s, *node, out, frame);
    case SettingType::list:
      return list(s, *node, out, frame);
    case SettingType::map:
      return map(s, *node, out, frame);
    case SettingType::headers:
      return headers(s, *node, out, frame);
    default:
      return any(*node, out);
  }
}

// Nothing behind the colon: the zero of a scalar, as upstream has it; lists, maps and parts stay at their default.
void Checker::no_value(const Setting& s, Node& node, sluice_value& out, const Frame& frame) {
  const bool from_variable = node.expanded();
  if (from_variable && is_text(s.type) && !node.text.empty()) return text(s, node, out, frame);  // the text "null"
  if (s.type == SettingType::object) return object(s, &node, out, frame);
  if (s.type == SettingType::any) return;
  if (s.type == SettingType::list || s.type == SettingType::map || s.type == SettingType::headers) {
    defaults(s, out, frame);
    return;
  }
  if (s.required) {
    error("config.missing", node, frame, "a value is missing");
    return;
  }
  if (!s.choices.empty() && std::find(s.choices.begin(), s.choices.end(), "") == s.choices.end()) {
    error("config.choice", node, frame, "no value", "accepted: " + quoted_list(s.choices));
    return;
  }
  if (is_text(s.type)) out.string = {"", 0};
  const bool text_from_variable = from_variable && is_text(s.type);  // it is the text "", not null
  if (!node.unset && !text_from_variable) {
    const std::string usual = default_text(s);
    diagnostics_.warning(
        "config.null", node.key_mark ? node.key_mark : node.mark, node.key_mark ? node.key_length : node.length,
        path_of(frame),
        "no value: counts as " + std::string(is_text(s.type) ? "empty" : "zero") + ", not as the default",
        "leave the key out for the default" + (usual.empty() ? "" : " " + usual));
  }
  in_range(s, node, 0, frame);
}

void Checker::defaults(const Setting& s, sluice_value& out, const Frame& frame) {
  if (s.type == SettingType::object) {
    s.section == SectionKind::none || s.section == SectionKind::on ? object(s, nullptr, out, frame)
                                                                   : void(out.kind = SLUICE_NULL);
  } else {
    default_value(s, s.default_value, out);
  }
}

void Checker::default_value(const Setting& s, const Json& value, sluice_value& out) {
  out.kind = kind_of(s.type);
  switch (s.type) {
    case SettingType::duration:
      out.integer = parse_duration(value.string).value_or(0);
      break;
    case SettingType::number:
      out.number = value.number;
      break;
    case SettingType::text:
    case SettingType::secret:
    case SettingType::component:
      out.string = to_str(value.string);
      break;
    case SettingType::list: {
      sluice_value* const items = arena_.values(value.items.size());
      for (size_t i = 0; i < value.items.size(); ++i) default_value(*s.items, value.items[i], items[i]);
      out.children = items, out.child_count = static_cast<uint32_t>(value.items.size());
      break;
    }
    default:
      out.integer = value.integer;
  }
}

void Checker::boolean(const Setting& s, Node& node, sluice_value& out, const Frame& frame) {
  if (node.kind != NodeKind::boolean) return type_error(s, node, frame);
  out.integer = node.integer;
}

void Checker::integer(const Setting& s, Node& node, sluice_value& out, const Frame& frame) {
  if (node.kind == NodeKind::real && std::trunc(node.number) == node.number) {
    constexpr double kExact = 9007199254740992;  // 2^53: beyond, the number is not the one that was written
    if (std::fabs(node.number) > kExact) {
      error("config.range", node, frame, quote(node) + " is out of range", "accepted: " + range_text(s));
      return;
    }
    node.integer = static_cast<int64_t>(node.number);
  } else if (node.kind != NodeKind::integer) {
    return type_error(s, node, frame);
  }
  out.integer = node.integer;
  in_range(s, node, out.integer, frame);
}

void Checker::number(const Setting& s, Node& node, sluice_value& out, const Frame& frame) {
  if (node.kind != NodeKind::integer && node.kind != NodeKind::real) return type_error(s, node, frame);
  out.number = node.number;
  const bool low = s.above ? node.number > s.number_min : node.number >= s.number_min;
  if (!low || !(node.number <= s.number_max))
    error("config.range", node, frame, quote(node) + " is out of range", "accepted: " + range_text(s));
}

void Checker::in_range(const Setting& s, const Node& node, int64_t value, const Frame& frame) {
  if (s.type != SettingType::integer && s.type != SettingType::duration && s.type != SettingType::bytes) return;
  if (value >= s.min && value <= s.max) return;
  const std::string what = node.kind == NodeKind::null ? "zero" : quote(node);
  error("config.range", node, frame, what + " is out of range", "accepted: " + range_text(s));
}

void Checker::text(const Setting& s, Node& node, sluice_value& out, const Frame& frame) {
  if (node.kind != NodeKind::string && !node.expanded()) return type_error(s, node, frame);
  out.string = to_str(node.text);
  if (s.type == SettingType::secret) {
    if (!node.text.empty()) found_->secrets.push_back(node.text);
    return;
  }
  text_form(s, node, node.text, out, frame);
}

// Choices, forms, references: what is said about one text, be it of its own or in a list.
void Checker::text_form(const Setting& s, const Node& node, std::string_view text, sluice_value& out,
                        const Frame& frame) {
  if (!s.choices.empty()) {
    for (const std::string& choice : s.choices) {
      if (choice != text && !(s.any_case && lower(choice) == lower(text))) continue;
      out.string = to_str(choice);
      return;
    }
    const std::string best = nearest(text, s.choices);
    error("config.choice", node, frame, quote(node) + " is not one of " + quoted_list(s.choices),
          best.empty() || is_hidden(node) ? "" : "did you mean \"" + best + "\"?");
    return;
  }
  if (s.required && text.empty()) {
    error("config.missing", node, frame, "a value is missing");
    return;
  }
  if (s.type == SettingType::component) {
    const size_t first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return;
    const std::string_view id = text.substr(first, text.find_last_not_of(' ') + 1 - first);
    out.string = id.size() == text.size() ? to_str(text) : arena_.keep(std::string(id));
    if (off_ == 0)
      found_->uses.push_back(
          {path_of(frame), std::string(id), s.refers, s.interface, node.mark, node.length, !is_hidden(node)});
    return;
  }
  if (!s.format.empty()) {
    if (const auto bad = check_format(s.format, text))
      error("config.format", node, frame, bad->message + (is_hidden(node) ? "" : bad->detail), bad->help);
    else if (s.format == "path" && off_ == 0 && !text.empty())
      found_->files.push_back({path_of(frame), std::string(text), node.mark, node.length, !is_hidden(node)});
  }
  if (!s.pattern.empty() && !text.empty() && !matches(s.pattern, text))
    error("config.format", node, frame, quote(node) + " does not have the right form",
          s.example.empty() ? "accepted: " + s.pattern : "such as " + s.example);
}

void Checker::duration(const Setting& s, Node& node, sluice_value& out, const Frame& frame) {
  if (node.kind == NodeKind::integer && node.integer == 0) {
    out.integer = 0;
  } else if (node.kind != NodeKind::string) {
    return type_error(s, node, frame);
  } else if (const auto parsed = parse_duration(node.text)) {
    out.integer = *parsed;
  } else {
    error("config.duration", node, frame, quote(node) + " is no duration", "write one such as 500ms, 10s, 1h30m");
    return;
  }
  in_range(s, node, out.integer, frame);
}

void Checker::bytes(const Setting& s, Node& node, sluice_value& out, const Frame& frame) {
  if (node.kind == NodeKind::integer) {
    out.integer = node.integer;
  } else if (node.kind != NodeKind::string) {
    return type_error(s, node, frame);
  } else if (const auto parsed = parse_bytes(node.text)) {
    out.integer = static_cast<int64_t>(*parsed);
  } else {
    error("config.bytes", node, frame, quote(node) + " is no size", "write one such as 1048576, 512KiB or 20MiB");
    return;
  }
  in_range(s, node, out.integer, frame);
}

void Checker::list(const Setting& s, Node& node, sluice_value& out, const Frame& frame) {
  if (!node.is_list()) {
    if (is_text(s.items->type) && node.is_scalar() && (node.kind == NodeKind::string || node.expanded()))
      return split_list(s, node, out, frame);
    return type_error(s, node, frame);
  }
  sluice_value* const items = arena_.values(node.children.size());
  Frame here = below(frame, node);
  for (Node& child : node.children) {
    here.index = &child - node.children.data();
    value(*s.items, &child, items[here.index], here);
  }
  out.children = items, out.child_count = static_cast<uint32_t>(node.children.size());
  list_rules(s, node, out, frame);
}

// "a,b" for [a, b]: upstream takes it wherever a list of texts is wanted.
void Checker::split_list(const Setting& s, Node& node, sluice_value& out, const Frame& frame) {
  std::vector<std::string> parts;
  for (size_t begin = 0; !node.text.empty();) {
    const size_t comma = node.text.find(',', begin);
    parts.push_back(node.text.substr(begin, comma == std::string::npos ? comma : comma - begin));
    if (comma == std::string::npos) break;
    begin = comma + 1;
  }
  sluice_value* const items = arena_.values(parts.size());
  Frame here = below(frame, node);
  for (size_t i = 0; i < parts.size(); ++i) {
    here.index = static_cast<int64_t>(i);
    items[i].kind = kind_of(s.items->type);
    items[i].flags = SLUICE_WRITTEN;
    items[i].string = arena_.keep(std::move(parts[i]));
    if (s.items->type == SettingType::secret) {
      found_->secrets.push_back(view(items[i].string));
      found_->hidden.push_back(node.mark);
    } else {
      text_form(*s.items, node, view(items[i].string), items[i], here);
    }
  }
  out.children = items, out.child_count = static_cast<uint32_t>(parts.size());
  list_rules(s, node, out, frame);
}

void Checker::list_rules(const Setting& s, const Node& node, const sluice_value& out, const Frame& frame) {
  if (out.child_count < s.min_items)
    error("config.too-few", node, frame, std::to_string(out.child_count) + " items are too few",
          "accepted: at least " + std::to_string(s.min_items));
  if (!s.unique || !is_text(s.items->type)) return;
  const auto is_broken = [&](uint32_t i) { return node.is_list() && node.children[i].broken; };
  for (uint32_t i = 1; i < out.child_count; ++i) {
    for (uint32_t j = 0; j < i; ++j) {
      if (is_broken(i) || is_broken(j)) continue;
      if (lower(view(out.children[i].string)) != lower(view(out.children[j].string))) continue;
      const Node& at = node.is_list() ? node.children[i] : node;
      Frame here = below(frame, node);
      here.index = i;
      error("config.duplicate-item", at, here, "the item stands twice in this list, letter case aside",
            "remove one of the two");
      break;
    }
  }
}

void Checker::map(const Setting& s, Node& node, sluice_value& out, const Frame& frame) {
  if (!node.is_map()) return type_error(s, node, frame);
  sluice_value* const items = arena_.values(node.children.size());
  Frame here = below(frame, node);
  for (size_t i = 0; i < node.children.size(); ++i) {
    here.key = node.children[i].key;
    value(*s.items, &node.children[i], items[i], here);
    items[i].key = to_str(node.children[i].key);
  }
  out.children = items, out.child_count = static_cast<uint32_t>(node.children.size());
}

// {name: value}, or [{name: .., value: ..}]; all values are secrets.
void Checker::headers(const Setting& s, Node& node, sluice_value& out, const Frame& frame) {
  Setting secret;
  secret.type = SettingType::secret;
  if (!node.is_map() && !node.is_list()) return type_error(s, node, frame);
  sluice_value* const items = arena_.values(node.children.size());
  Frame here = below(frame, node);
  for (size_t i = 0; i < node.children.size(); ++i) {
    Node* child = &node.children[i];
    sluice_value& item = items[i];
    if (node.is_map()) {
      here.key = child->key;
      item.key = to_str(child->key);
    } else {
      here.index = static_cast<int64_t>(i);
      Node* const name = child->find("name");
      for (Node& part : child->children) found_->hidden.push_back(part.mark);
      if (!name || name->kind != NodeKind::string || child->children.size() > 2) {
        error("config.type", *child, here, "expected {name: ..., value: ...}, found " + describe(secret, *child));
        continue;
      }
      item.key = to_str(name->text);
      child = child->find("value");
    }
    value(secret, child, item, here);
  }
  out.children = items, out.child_count = static_cast<uint32_t>(node.children.size());
}

void Checker::any(const Node& node, sluice_value& out) {
  out.flags = SLUICE_WRITTEN;
  out.integer = node.integer;
  out.number = node.number;
  constexpr int32_t kKinds[] = {SLUICE_NULL,   SLUICE_BOOL, SLUICE_INT, SLUICE_DOUBLE,
                                SLUICE_STRING, SLUICE_LIST, SLUICE_MAP};
  out.kind = kKinds[static_cast<size_t>(node.kind)];
  if (node.kind == NodeKind::string) out.string = to_str(node.text);
  if (node.broken) valid_ = false;
  if (node.children.empty()) return;
  sluice_value* const items = arena_.values(node.children.size());
  for (size_t i = 0; i < node.children.size(); ++i) {
    any(node.children[i], items[i]);
    items[i].key = to_str(node.children[i].key);
  }
  out.children = items, out.child_count = static_cast<uint32_t>(node.children.size());
}

Checker::Frame Checker::below(const Frame& frame, const Node& node) const {
  return {&frame, {}, -1, node.mark, node.length};
}

Diagnostic& Checker::error(const char* id, const Node& node, const Frame& frame, std::string message,
                           std::string help) {
  valid_ = false;
  Diagnostic& said =
      diagnostics_.error(id, node.mark, node.length, path_of(frame), std::move(message), std::move(help));
  if (node.expanded()) said.notes.push_back({node.mark, "the value comes from " + sources_[node.via].name});
  return said;
}

void Checker::type_error(const Setting& s, const Node& node, const Frame& frame) {
  if (holds_broken(node)) {  // it has the wrong type because of what was said already
    valid_ = false;
    return;
  }
  error("config.type", node, frame, "expected " + expected(s) + ", found " + describe(s, node), advice(s, node));
}

// What comes from outside of the file is never shown.
bool Checker::is_hidden(const Node& node) const {
  if (node.expanded() || !node.mark) return true;
  const Origin origin = sources_[node.mark.source].origin;
  return origin == Origin::env || origin == Origin::include;
}

std::string Checker::from(const Node& node) const {
  return node.expanded() ? ", from " + sources_[node.via].name : std::string();
}

std::string Checker::describe(const Setting& s, const Node& node) const {
  const bool hide = s.type == SettingType::secret || s.type == SettingType::headers || is_hidden(node);
  switch (node.kind) {
    case NodeKind::null:
      return "nothing" + from(node);
    case NodeKind::boolean:
      return (hide ? "true or false" : node.text) + from(node);
    case NodeKind::integer:
    case NodeKind::real:
      return (hide ? "a number" : "the number " + node.text) + from(node);
    case NodeKind::string:
      if (hide || node.text.size() > kLongestShown)
        return "text of " + std::to_string(node.text.size()) + " bytes" + from(node);
      return "the text \"" + node.text + '"';
    case NodeKind::list:
      return "a list" + from(node);
    default:
      return "a map" + from(node);
  }
}

// The value, at the beginning of a message.
std::string Checker::quote(const Node& node) const {
  if (is_hidden(node) || node.text.size() > kLongestShown) {
    const bool number = node.kind == NodeKind::integer || node.kind == NodeKind::real;
    return number ? "this number" : "this text of " + std::to_string(node.text.size()) + " bytes";
  }
  return node.kind == NodeKind::string ? '"' + node.text + '"' : node.text;
}

std::string Checker::path_of(const Frame& frame) const {
  std::string path(root_path_);
  std::vector<const Frame*> frames;
  for (const Frame* f = &frame; f; f = f->up) frames.push_back(f);
  for (auto f = frames.rbegin(); f != frames.rend(); ++f) {
    if ((*f)->index >= 0) {
      path += '[' + std::to_string((*f)->index) + ']';
    } else if (!(*f)->key.empty()) {
      path += path.empty() ? "" : "::";
      path += (*f)->key;
    }
  }
  return path;
}

void Checker::mark_shown(const Setting& s, const Node& node) {
  if (s.type == SettingType::headers || (!node.is_scalar() && !node.expanded())) return;
  const Origin origin = sources_[node.mark.source].origin;
  if (origin != Origin::env && origin != Origin::include) found_->showable.push_back(node.mark);
}

}  // namespace sluice::config
