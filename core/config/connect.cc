// SPDX-License-Identifier: Apache-2.0
// What refers to what: pipelines, service::extensions, references between components; what is missing, unused, taken
// twice or goes round in a circle.
#include <algorithm>
#include <functional>
#include <utility>

#include "core/config/connectors.h"
#include "core/config/format.h"
#include "core/config/state.h"
#include "core/config/suggest.h"

namespace sluice::config {
namespace {

const char* article(Kind kind) {
  return kind == Kind::exporter || kind == Kind::extension ? "an " : "a ";
}

bool any_host(const std::string& host) {
  return host.empty() || host == "0.0.0.0" || host == "[::]" || host == "::" || host == "*";
}
std::string plain_host(const std::string& host) {
  return host == "127.0.0.1" || host == "[::1]" || host == "::1" ? "localhost" : host;
}

class Connector {
 public:
  Connector(Loaded::State& state, Environment& environment)
      : state_(state), diagnostics_(state.diagnostics), environment_(environment) {}

  void run() {
    Node* const service = state_.root.find("service");
    const bool usable = service && service->is_map();
    if (service && !usable && !service->broken && service->kind != NodeKind::null)
      diagnostics_.error("config.type", service->mark, service->length, "service", "expected a map",
                         "accepted: pipelines, extensions, telemetry");
    if (usable) service_keys(*service);
    telemetry(usable ? service->find("telemetry") : nullptr);
    if (Node* const extensions = usable ? service->find("extensions") : nullptr) service_extensions(*extensions);
    pipelines(service, usable ? service->find("pipelines") : nullptr);
    check_connectors(state_, ends_);
    circles();
    for (size_t i = 0; i < state_.components.size(); ++i) references(*state_.components[i], state_.states[i]);
    circles_of_extensions();
    unused();
    listeners();
    files();
  }

 private:
  void service_keys(const Node& service) {
    const std::vector<std::string> accepted = {"telemetry", "extensions", "pipelines"};
    for (const Node& child : service.children)
      if (std::find(accepted.begin(), accepted.end(), child.key) == accepted.end())
        diagnostics_.error("config.unknown-key", child.key_mark, child.key_length, "service",
                           "unknown key \"" + child.key + "\"", suggestion(child.key, accepted));
  }

  void telemetry(Node* node) {
    std::string ignored;
    state_.telemetry_schema = std::make_unique<Setting>(*parse_schema(Settings::schema_of<Telemetry>(), ignored));
    state_.telemetry_node = node;
    Checker checker(state_.sources, diagnostics_, state_.arena);
    const Mark near = node ? node->key_mark : state_.root.mark;
    state_.telemetry_tree = checker.check(*state_.telemetry_schema, node, near, 1, "service::telemetry", state_.found);
    if (!state_.telemetry_tree) return;
    std::vector<Problem> problems;
    state_.telemetry = Settings::read_from<Telemetry>(*state_.telemetry_tree, problems);
    for (const Problem& problem : problems) {
      Spot spot{near, 1, "service::telemetry"};
      locate(*state_.telemetry_tree, node, problem.at, spot);
      diagnostics_.error("config.check", spot.mark, spot.length, spot.path, problem.text);
    }
    readers(node);
  }

  // Without readers, Prometheus asks at localhost:8888; an empty list is a mistake unless there is nothing to read.
  void readers(const Node* telemetry) {
    MetricTelemetry& metrics = state_.telemetry.metrics;
    const Node* const section = telemetry ? telemetry->find("metrics") : nullptr;
    const Node* const written = section ? section->find("readers") : nullptr;
    const bool absent = !written || written->kind == NodeKind::null;
    if (absent) metrics.readers.push_back({PullReader{PullExporter{PrometheusReader{}}}});
    if (written && metrics.readers.empty() && metrics.level != MetricsLevel::none)
      diagnostics_.error("config.missing", written->mark, written->length, "service::telemetry::metrics::readers",
                         "there is no reader, but the level is not none", "leave readers out for the default");
    if (metrics.level == MetricsLevel::none) return;
    for (size_t i = 0; i < metrics.readers.size(); ++i) {
      const auto& pull = metrics.readers[i].pull;
      if (!pull || !pull->exporter.prometheus) continue;
      Listener listener;
      listener.path = "service::telemetry::metrics::readers[" + std::to_string(i) + "]";
      listener.address = pull->exporter.prometheus->host + ":" + std::to_string(pull->exporter.prometheus->port);
      listener.written = !absent;
      if (!absent) listener.mark = written->children[i].mark, listener.length = written->children[i].length;
      state_.found.listeners.push_back(std::move(listener));
    }
  }

  // The items of a list of ids, checked for form.
  std::vector<std::pair<const Node*, std::string>> ids(const Node& list, const std::string& path) {
    std::vector<std::pair<const Node*, std::string>> out;
    if (list.kind == NodeKind::null) {
      incomplete_ |= list.broken;
      return out;
    }
    if (!list.is_list()) {
      incomplete_ = true;
      diagnostics_.error("config.type", list.mark, list.length, path, "expected a list of ids",
                         list.is_map() ? "begin each item with \"- \"" : "write [ ] around it");
      return out;
    }
    for (const Node& item : list.children) {
      if (item.broken) continue;
      const std::string here = path + "[" + std::to_string(&item - list.children.data()) + "]";
      if (item.kind != NodeKind::string) {
        diagnostics_.error("config.type", item.mark, item.length, here, "expected the id of a component");
        continue;
      }
      if (!item.expanded()) state_.found.showable.push_back(item.mark);
      const ParsedId id = parse_id(item.text);
      if (id.why.empty())
        out.emplace_back(&item, id.full);
      else
        diagnostics_.error("config.id", item.mark, item.length, here, id.why, "an id is a type, or type/name");
    }
    return out;
  }

  // An id that is not defined, if it stands in the file itself.
  std::string shown(const Node& item, const std::string& id) const {
    if (item.expanded()) return "of " + state_.sources[item.via].name;
    const Origin origin = state_.sources[item.mark.source].origin;
    return origin == Origin::env || origin == Origin::include ? "here" : '"' + id + '"';
  }

  std::vector<std::string> defined(std::initializer_list<Kind> kinds) const {
    std::vector<std::string> all;
    for (const auto& component : state_.components)
      if (std::find(kinds.begin(), kinds.end(), component->kind) != kinds.end()) all.push_back(component->id);
    return all;
  }

  std::string not_defined_help(std::initializer_list<Kind> kinds, const std::string& id) const {
    for (const auto& component : state_.components)
      if (component->id == id)
        return "\"" + id + "\" is " + article(component->kind) + name_of(component->kind) + " here";
    const std::string best = nearest(id, defined(kinds));
    return best.empty() ? std::string("define it under \"") + section_of(*kinds.begin()) + "\""
                        : "did you mean \"" + best + "\"?";
  }

  void service_extensions(const Node& list) {
    for (const auto& [item, id] : ids(list, "service::extensions")) {
      Component* const extension = state_.find(Kind::extension, id);
      if (!extension) {
        diagnostics_.error("config.undefined", item->mark, item->length, "service::extensions",
                           "extension " + shown(*item, id) + " is not defined",
                           not_defined_help({Kind::extension}, id));
      } else if (extension->used) {
        diagnostics_.error("config.duplicate-item", item->mark, item->length, "service::extensions",
                           "extension \"" + id + "\" stands twice in this list", "remove one of the two");
      } else {
        extension->used = true;
        state_.extensions.push_back(extension);
      }
    }
  }

  void pipelines(const Node* service, const Node* pipelines) {
    incomplete_ |= (pipelines && pipelines->broken) || (service && service->broken);
    if (incomplete_) return;
    if (!pipelines || pipelines->kind == NodeKind::null || (pipelines->is_map() && pipelines->children.empty())) {
      const Node* const near = pipelines ? pipelines : service;
      diagnostics_.error("config.no-pipeline", near ? near->key_mark : state_.root.mark, near ? near->key_length : 0,
                         "service::pipelines", "there is no pipeline",
                         "write one such as traces: {receivers: [otlp], exporters: [debug]}");
      return;
    }
    if (!pipelines->is_map()) {
      diagnostics_.error("config.type", pipelines->mark, pipelines->length, "service::pipelines",
                         "expected a map of pipelines", "write the id of each pipeline as a key");
      return;
    }
    for (const Node& node : pipelines->children) pipeline(node);
  }

  void pipeline(const Node& node) {
    const std::string path = "service::pipelines::" + node.key;
    const ParsedId id = parse_id(node.key);
    if (!id.why.empty()) {
      diagnostics_.error("config.id", node.key_mark, node.key_length, "service::pipelines", id.why,
                         "the id of a pipeline is traces, metrics or logs, or one of them with /name");
      return;
    }
    if (id.type == "profiles") {
      diagnostics_.error("config.unsupported", node.key_mark, node.key_length, path,
                         "pipelines of profiles are not supported yet");
      return;
    }
    const std::vector<std::string> signals = {"traces", "metrics", "logs"};
    const auto signal = std::find(signals.begin(), signals.end(), id.type);
    if (signal == signals.end()) {
      diagnostics_.error("config.signal", node.key_mark, node.key_length, "service::pipelines",
                         "there is no signal \"" + id.type + "\"", suggestion(id.type, signals));
      return;
    }
    incomplete_ |= node.broken;
    if (node.broken) return;
    if (!node.is_map() && node.kind != NodeKind::null) {
      diagnostics_.error("config.type", node.mark, node.length, path, "expected a map",
                         "accepted: receivers, processors, exporters");
      return;
    }
    Pipeline pipeline;
    pipeline.id = id.full;
    pipeline.signal = static_cast<sluice_signal>(signal - signals.begin());
    const std::vector<std::string> keys = {"receivers", "processors", "exporters"};
    for (const Node& child : node.children)
      if (std::find(keys.begin(), keys.end(), child.key) == keys.end())
        diagnostics_.error("config.unknown-key", child.key_mark, child.key_length, path,
                           "unknown key \"" + child.key + "\"", suggestion(child.key, keys));
    members(node, path, pipeline, Kind::receiver, pipeline.receivers);
    members(node, path, pipeline, Kind::processor, pipeline.processors);
    members(node, path, pipeline, Kind::exporter, pipeline.exporters);
    state_.pipelines.push_back(std::move(pipeline));
    marks_.push_back({node.key_mark, node.key_length});
  }

  void members(const Node& node, const std::string& path, const Pipeline& pipeline, Kind kind,
               std::vector<const Component*>& out) {
    const Node* const list = node.find(section_of(kind));
    const std::string here = path + "::" + section_of(kind);
    const bool empty = !list || list->kind == NodeKind::null || (list->is_list() && list->children.empty());
    if (empty && kind != Kind::processor && !(list && list->broken))
      diagnostics_.error("config.missing", list ? list->key_mark : node.key_mark,
                         list ? list->key_length : node.key_length, path,
                         std::string("there must be at least one ") + name_of(kind),
                         std::string("name it in \"") + section_of(kind) + "\"");
    if (!list) return;
    for (const auto& [item, id] : ids(*list, here)) {
      Component* component = state_.find(kind, id);
      if (!component && kind != Kind::processor) component = state_.find(Kind::connector, id);
      if (!component) {
        const std::string help =
            kind == Kind::processor ? not_defined_help({kind}, id) : not_defined_help({kind, Kind::connector}, id);
        diagnostics_.error("config.undefined", item->mark, item->length, here,
                           std::string(name_of(kind)) + " " + shown(*item, id) + " is not defined", help);
        continue;
      }
      if (std::find(out.begin(), out.end(), component) != out.end()) {
        diagnostics_.error("config.duplicate-item", item->mark, item->length, here,
                           std::string(name_of(kind)) + " \"" + id + "\" stands twice in this list",
                           "remove one of the two");
        continue;
      }
      component->used = true;
      if (!out.empty()) belongs_first(*component, *item, here);
      out.push_back(component);
      if (component->kind == Kind::connector) ends_.push_back({component, kind, item, pipeline.id, pipeline.signal});
      const ComponentType* const type = component->type;
      if (!type) continue;
      const uint32_t signals = kind == Kind::receiver ? type->output_signals : type->input_signals;
      if (!(signals & SLUICE_MASK(pipeline.signal)))
        diagnostics_.error(
            "config.signal", item->mark, item->length, here,
            std::string(name_of(component->kind)) + " \"" + id + "\" does not have " + signal_name(pipeline.signal),
            "it has " + signal_names(signals));
    }
  }

  void belongs_first(const Component& component, const Node& item, const std::string& path) {
    const auto schema = state_.schemas.find(component.type);
    if (schema == state_.schemas.end() || schema->second->first.empty()) return;
    diagnostics_.warning("config.order", item.mark, item.length, path,
                         std::string(name_of(component.kind)) + " \"" + component.id + "\" is not the first here",
                         "move it to the front: " + schema->second->first);
  }

  void circles() {
    enum class Seen : uint8_t { no, open, done };
    std::vector<Seen> seen(state_.pipelines.size(), Seen::no);
    std::vector<std::string> way;
    bool said = false;
    const std::function<void(size_t)> visit = [&](size_t at) {
      seen[at] = Seen::open;
      way.push_back("pipeline \"" + state_.pipelines[at].id + "\"");
      for (const Component* exporter : state_.pipelines[at].exporters) {
        for (size_t next = 0; exporter->kind == Kind::connector && next < state_.pipelines.size() && !said; ++next) {
          const auto& receivers = state_.pipelines[next].receivers;
          if (std::find(receivers.begin(), receivers.end(), exporter) == receivers.end()) continue;
          way.push_back("connector \"" + exporter->id + "\"");
          if (seen[next] == Seen::no) visit(next);
          if (seen[next] == Seen::open && !said) {
            said = true;
            circle(way, next);
          }
          way.pop_back();
        }
      }
      way.pop_back();
      seen[at] = Seen::done;
    };
    for (size_t i = 0; i < seen.size() && !said; ++i)
      if (seen[i] == Seen::no) visit(i);
  }

  void circle(const std::vector<std::string>& way, size_t back_to) {
    const std::string name = "pipeline \"" + state_.pipelines[back_to].id + "\"";
    std::string text;
    for (auto step = std::find(way.begin(), way.end(), name); step != way.end(); ++step) text += *step + " -> ";
    diagnostics_.error("config.cycle", marks_[back_to].mark, marks_[back_to].length,
                       "service::pipelines::" + state_.pipelines[back_to].id, "a circle: " + text + name,
                       "data would never leave it; remove the connector from one of these pipelines");
  }

  void references(Component& user, const ComponentState& state) {
    for (const Use& use : state.found.uses) {
      const auto kind =
          std::find_if(std::begin(kKinds), std::end(kKinds), [&](Kind k) { return use.kind == name_of(k); });
      if (kind == std::end(kKinds)) continue;
      Component* const target = state_.find(*kind, parse_id(use.id).full);
      const auto say = [&](std::string message, std::string help) {
        diagnostics_.error("config.undefined", use.mark, use.length, use.path, std::move(message), std::move(help));
        user.valid = false;
      };
      const std::string name = use.kind + (use.shown || target ? " \"" + use.id + "\"" : " that is named here");
      if (!target) {
        const std::string best = nearest(use.id, defined({*kind}));
        const std::string list = *kind == Kind::extension ? " and list it in service::extensions" : "";
        say(name + " is not defined", best.empty() ? std::string("define it under \"") + section_of(*kind) + "\"" + list
                                                   : "did you mean \"" + best + "\"?");
      } else if (user.used && !target->used) {
        say(name + " is not started",
            *kind == Kind::extension ? "list it in service::extensions" : "use it in a pipeline");
      } else if (target->type && !use.interface.empty() &&
                 std::find(target->type->interfaces.begin(), target->type->interfaces.end(), use.interface) ==
                     target->type->interfaces.end()) {
        say(name + " cannot do this: it has no " + use.interface, "name one that has it");
      } else {
        user.references.push_back({target, use.interface, use.path});
      }
    }
  }

  // Components start after what they refer to: no order is right for a circle.
  void circles_of_extensions() {
    std::vector<const Component*> way;
    const std::function<bool(const Component*)> returns = [&](const Component* at) {
      if (!way.empty() && at == way.front()) return true;
      if (std::find(way.begin(), way.end(), at) != way.end()) return false;
      way.push_back(at);
      for (const Reference& reference : at->references)
        if (returns(reference.target)) return true;
      way.pop_back();
      return false;
    };
    std::vector<const Component*> known;
    for (const auto& component : state_.components) {
      way.clear();
      if (std::find(known.begin(), known.end(), component.get()) != known.end() || !returns(component.get())) continue;
      known.insert(known.end(), way.begin(), way.end());
      std::string text;
      for (const Component* step : way) text += "\"" + step->id + "\" -> ";
      const Node& node = *state_.state_of(*component).node;
      diagnostics_.error("config.cycle", node.key_mark, node.key_length,
                         std::string(section_of(component->kind)) + "::" + component->id,
                         "components refer to each other: " + text + "\"" + component->id + "\"",
                         "none of them could start first");
    }
  }

  void unused() {
    if (incomplete_) return;
    for (size_t i = 0; i < state_.components.size(); ++i) {
      const Component& component = *state_.components[i];
      if (component.used || !component.type) continue;
      const Node& node = *state_.states[i].node;
      const bool extension = component.kind == Kind::extension;
      diagnostics_.warning("config.unused", node.key_mark, node.key_length,
                           std::string(section_of(component.kind)) + "::" + component.id,
                           extension ? "the extension is not started" : "no pipeline uses it",
                           extension ? "list it in service::extensions, or remove it" : "use it, or remove it");
    }
  }

  void listeners() {
    std::vector<const Listener*> all;
    for (size_t i = 0; i < state_.components.size(); ++i)
      if (state_.components[i]->used)
        for (const Listener& listener : state_.states[i].found.listeners) all.push_back(&listener);
    std::stable_sort(all.begin(), all.end(), [](const Listener* a, const Listener* b) { return a->mark < b->mark; });
    // The one that nobody wrote is never the one to change, so it comes first.
    std::vector<const Listener*> own;
    for (const Listener& listener : state_.found.listeners) own.push_back(&listener);
    all.insert(own.empty() || own[0]->written ? all.end() : all.begin(), own.begin(), own.end());
    for (size_t i = 1; i < all.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (!collide(*all[i], *all[j])) continue;
        const auto at = parse_host_port(all[i]->address);
        const bool port = at->port > 0;
        const std::string what = !all[i]->shown ? (port ? "this port" : "this address")
                                 : port         ? "port " + std::to_string(at->port)
                                                : '"' + all[i]->address + '"';
        Diagnostic& said = diagnostics_.error(
            "config.port", all[i]->mark, all[i]->length, all[i]->path,
            what + (owner(*all[i]) == owner(*all[j]) ? " is taken twice by this component"
                                                     : " is taken by another component of this configuration"),
            port ? "choose another port" : "choose another address");
        said.notes.push_back({all[j]->mark, all[j]->path + (all[j]->written ? "" : " (default)") + " listens on " +
                                                (all[j]->shown ? all[j]->address : "it")});
        break;
      }
    }
  }

  // "receivers::otlp" of "receivers::otlp::protocols::grpc::endpoint".
  static std::string_view owner(const Listener& listener) {
    const std::string_view path = listener.path;
    return path.substr(0, path.find("::", path.find("::") + 2));
  }

  static bool collide(const Listener& a, const Listener& b) {
    const auto one = parse_host_port(a.address), other = parse_host_port(b.address);
    if (!one || !other) return false;
    if (one->port < 0 || other->port < 0) return one->port < 0 && other->port < 0 && a.address == b.address;
    if (a.transport.starts_with("udp") != b.transport.starts_with("udp")) return false;
    if (one->port == 0 || one->port != other->port) return false;
    return any_host(one->host) || any_host(other->host) || plain_host(one->host) == plain_host(other->host);
  }

  void files() {
    for (const ComponentState& state : state_.states) {
      for (const PathUse& use : state.found.files) {
        const Environment::Access access = environment_.access(use.file);
        if (access == Environment::Access::readable) continue;
        diagnostics_.warning("config.file", use.mark, use.length, use.path,
                             (use.shown ? use.file : "the file") +
                                 (access == Environment::Access::missing ? " does not exist" : " cannot be read"),
                             "it must be there when the collector starts");
      }
    }
  }

  struct Place {
    Mark mark;
    uint32_t length;
  };

  Loaded::State& state_;
  Diagnostics& diagnostics_;
  Environment& environment_;
  std::vector<Place> marks_;  // of each pipeline
  std::vector<ConnectorEnd> ends_;
  bool incomplete_ = false;  // some list of ids could not be read: nothing is known of what is not used
};

}  // namespace

void connect(Loaded::State& state, Environment& environment) {
  Connector(state, environment).run();
}

}  // namespace sluice::config
