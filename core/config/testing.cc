// SPDX-License-Identifier: Apache-2.0
// Settings in the shape of real components', without the components.
#include "core/config/testing.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "core/config/check.h"

namespace sluice::config::testing {
namespace {

using namespace sluice::literals;

struct TlsServer {
  std::string cert_file, key_file, ca_file, min_version = "1.2";
  Secret cert_pem, key_pem;
  void settings(Settings& s) {
    s("cert_file", cert_file, "Own certificate.").format("path");
    s("cert_pem", cert_pem, "The same as text.");
    s("key_file", key_file, "Its key.").format("path");
    s("key_pem", key_pem, "The same as text.");
    s("ca_file", ca_file, "Who signs.").format("path");
    s("min_version", min_version, "Lowest TLS version.").pattern("1\\.[0-3]");
    s.unsupported("tpm", "keys in a TPM are not supported yet");
    s.rules().at_most_one({"cert_file", "cert_pem"}).at_least_one({"cert_file", "cert_pem"});
    s.rules().together({"cert_file", "key_file"});
  }
};
struct Auth {
  ComponentRef authenticator;
  void settings(Settings& s) {
    s("authenticator", authenticator, "Checks who calls.").required().refers("extension", "sluice.auth-server/0");
  }
};
struct ServerParameters {
  Duration max_connection_idle{}, time{}, timeout{};
  void settings(Settings& s) {
    s("max_connection_idle", max_connection_idle, "Close a connection without calls.").min(0s);
    s("time", time, "Ping after this long without a word.").min(0s);
    s("timeout", timeout, "Wait this long for the answer.").min(0s);
  }
};
struct Keepalive {
  ServerParameters server_parameters;
  void settings(Settings& s) { s("server_parameters", server_parameters, "Pings and the life of connections."); }
};
struct Grpc {
  std::string endpoint = "localhost:4317", transport = "tcp";
  std::optional<TlsServer> tls;
  std::optional<Auth> auth;
  Section<Keepalive> keepalive{kOn};
  uint32_t max_recv_msg_size_mib = 0;
  Bytes read_buffer_size = 512_KiB;
  bool include_metadata = false;
  void settings(Settings& s) {
    s("endpoint", endpoint, "Address to listen on.").format("host:port").listens();
    s("transport", transport, "Kind of socket.");
    s("tls", tls, "Encrypt; absent: plain text.");
    s("auth", auth, "Who may call.");
    s("keepalive", keepalive, "Pings.");
    s("max_recv_msg_size_mib", max_recv_msg_size_mib, "Largest request; 0: 4 MiB.").max(2047).unit("MiB");
    s("read_buffer_size", read_buffer_size, "Read buffer of a connection.");
    s("include_metadata", include_metadata, "Keep the headers of requests.");
  }
};
struct Http {
  std::string endpoint = "localhost:4318", traces_url_path = "/v1/traces";
  std::vector<std::string> compression_algorithms = {"", "gzip"};
  void settings(Settings& s) {
    s("endpoint", endpoint, "Address to listen on.").format("host:port").listens();
    s("traces_url_path", traces_url_path, "Path for traces.");
    s("compression_algorithms", compression_algorithms, "Encodings that are accepted.").unique();
  }
};
struct Protocols {
  Section<Grpc> grpc;
  Section<Http> http;
  void settings(Settings& s) {
    s("grpc", grpc, "OTLP over gRPC.");
    s("http", http, "OTLP over HTTP.");
    s.rules().at_least_one({"grpc", "http"}, "must specify at least one protocol when using the OTLP receiver");
  }
};
struct OtlpReceiver {
  Protocols protocols;
  void settings(Settings& s) { s("protocols", protocols, "What is spoken."); }
};

struct Batch {
  Duration timeout = 200ms;
  uint32_t send_batch_size = 8192, send_batch_max_size = 0, metadata_cardinality_limit = 1000;
  std::vector<std::string> metadata_keys;
  void settings(Settings& s) {
    s("timeout", timeout, "Send what is held after this long; 0 sends at once.").min(0s);
    s("send_batch_size", send_batch_size, "Send as soon as so many items are held.").unit("items");
    s("send_batch_max_size", send_batch_max_size, "Cut larger batches to this size; 0: never.").unit("items");
    s("metadata_keys", metadata_keys, "One batch for each combination of these request headers.").unique();
    s("metadata_cardinality_limit", metadata_cardinality_limit, "So many combinations at most; 0: no limit.");
    s.check(send_batch_max_size == 0 || send_batch_max_size >= send_batch_size, "send_batch_max_size",
            "must be 0, or at least send_batch_size (" + std::to_string(send_batch_size) + ")");
  }
};

enum class Verb { insert, update, upsert, remove, hash, extract, convert };
struct Action {
  std::string key, pattern, from_attribute;
  Verb action = Verb::insert;
  Value value;
  void settings(Settings& s) {
    s("key", key, "The attribute.");
    s("action", action, "What to do with it.",
      {{"insert", Verb::insert},
       {"update", Verb::update},
       {"upsert", Verb::upsert},
       {"delete", Verb::remove},
       {"hash", Verb::hash},
       {"extract", Verb::extract},
       {"convert", Verb::convert}})
        .any_case()
        .required();
    s("value", value, "Value to set, of any type.");
    s("from_attribute", from_attribute, "Take the value of this one.");
    s("pattern", pattern, "Attributes whose name matches.").format("regex");
    s.when("action", {"insert", "update", "upsert"})
        .need({"key"})
        .exactly_one({"value", "from_attribute"})
        .forbid({"pattern"});
    s.when("action", {"delete", "hash"}).at_least_one({"key", "pattern"}).forbid({"value", "from_attribute"});
  }
};
struct Attributes {
  std::vector<Action> actions;
  void settings(Settings& s) { s("actions", actions, "Done in this order.").min_items(1); }
};

struct MemoryLimiter {
  Duration check_interval = 1s;
  uint32_t limit_mib = 0, limit_percentage = 0;
  double ratio = 0.5;
  void settings(Settings& s) {
    s("check_interval", check_interval, "Look this often.").above(0s).was("interval");
    s("limit_mib", limit_mib, "Refuse above this.");
    s("limit_percentage", limit_percentage, "The same in percent.").max(100).deprecated("write limit_mib instead");
    s("ratio", ratio, "Part that is kept free.").min(0).max(1);
    s.removed("ballast_size_mib", "there is no ballast any more; remove it");
  }
};

struct TlsClient {
  bool insecure = false;
  std::string ca_file;
  void settings(Settings& s) {
    s("insecure", insecure, "Plain text.");
    s("ca_file", ca_file, "Who signs.").format("path");
  }
};
struct OtlpExporter {
  std::string endpoint;
  TlsClient tls;
  Headers headers;
  std::optional<Auth> auth;
  ComponentRef storage;
  Map<std::string> labels;
  Secret token;
  void settings(Settings& s) {
    s("endpoint", endpoint, "Where to send.").required().example("tempo:4317");
    s("tls", tls, "Encryption.");
    s("headers", headers, "Sent with each request.");
    s("auth", auth, "Who we are.");
    s("storage", storage, "Where to keep.").refers("extension", "");
    s("labels", labels, "Free labels.");
    s("token", token, "Shown to the destination.");
    s.delivery(true, true, 5s);
  }
};
enum class Verbosity { basic, normal, detailed };
struct Debug {
  Verbosity verbosity = Verbosity::basic;
  void settings(Settings& s) {
    s("verbosity", verbosity, "How much is printed.",
      {{"basic", Verbosity::basic}, {"normal", Verbosity::normal}, {"detailed", Verbosity::detailed}});
    s.delivery(false, false, 0s);
  }
};
struct Nothing {
  void settings(Settings&) {}
};
struct Health {
  std::string endpoint = "localhost:13133";
  ComponentRef behind;
  void settings(Settings& s) {
    s("endpoint", endpoint, "Address to listen on.").format("host:port").listens();
    s("behind", behind, "Another one.").refers("extension", "");
  }
};

}  // namespace

std::optional<std::string> FakeEnvironment::variable(const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::nullopt : std::optional(found->second);
}

std::string FakeEnvironment::read(const std::string& path, std::string& text) {
  const auto found = files.find(path);
  if (found == files.end()) return "No such file or directory";
  text = found->second;
  return "";
}

std::optional<std::vector<std::string>> FakeEnvironment::list(const std::string& path) {
  const std::string folder = path.ends_with("/") ? path : path + "/";
  std::vector<std::string> names;
  for (const auto& [name, text] : files)
    if (name.starts_with(folder) && name != folder) names.push_back(name.substr(folder.size()));
  std::reverse(names.begin(), names.end());  // a directory has no order
  return names.empty() && !files.contains(folder) ? std::nullopt : std::optional(names);
}

Environment::Access FakeEnvironment::access(const std::string& path) {
  return files.contains(path) ? Access::readable : Access::missing;
}

FakeLookup::FakeLookup() {
  constexpr uint32_t kTraces = SLUICE_MASK(SLUICE_TRACES);
  add(Kind::receiver, "otlp", {}, Settings::schema_of<OtlpReceiver>(), 0, kAllSignals);
  add(Kind::receiver, "zipkin", {}, Settings::schema_of<Nothing>(), 0, kTraces);
  add(Kind::processor, "batch", {}, Settings::schema_of<Batch>(), kAllSignals, kAllSignals);
  add(Kind::processor, "attributes", {}, Settings::schema_of<Attributes>(), kAllSignals, kAllSignals);
  add(Kind::processor, "memory_limiter", {}, Settings::schema_of<MemoryLimiter>(), kAllSignals, kAllSignals);
  add(Kind::exporter, "otlp_grpc", {"otlp"}, Settings::schema_of<OtlpExporter>(), kAllSignals, 0);
  add(Kind::exporter, "debug", {"logging"}, Settings::schema_of<Debug>(), kAllSignals, 0);
  add(Kind::connector, "forward", {}, Settings::schema_of<Nothing>(), kAllSignals, kAllSignals);
  add(Kind::extension, "health_check", {}, Settings::schema_of<Health>(), 0, 0);
  add(Kind::extension, "basicauth", {}, Settings::schema_of<Nothing>(), 0, 0, {"sluice.auth-server/0"});
}

void FakeLookup::add(Kind kind, std::string type, std::vector<std::string> aliases, std::string schema, uint32_t input,
                     uint32_t output, std::vector<std::string> interfaces) {
  auto made = std::make_unique<ComponentType>();
  made->kind = kind, made->type = std::move(type), made->aliases = std::move(aliases);
  made->schema = std::move(schema);
  made->input_signals = input, made->output_signals = output;
  made->interfaces = std::move(interfaces);
  made->stability = SLUICE_BETA;
  made->version = "1.0";
  made->file = std::string(name_of(kind)) + "_" + made->type + ".so";
  types_.push_back(std::move(made));
}

std::vector<ComponentName> FakeLookup::names() const {
  std::vector<ComponentName> all;
  for (const auto& type : types_) all.push_back(*type);
  return all;
}

const ComponentType* FakeLookup::find(Kind kind, std::string_view type, std::string& problem) {
  if (const auto found = broken.find(name_of(kind) + ("/" + std::string(type))); found != broken.end())
    problem = found->second;
  for (const auto& known : types_) {
    const auto& aliases = known->aliases;
    if (known->kind == kind &&
        (known->type == type || std::find(aliases.begin(), aliases.end(), type) != aliases.end()))
      return known.get();
  }
  return nullptr;
}

Loaded load_text(const std::string& yaml, FakeEnvironment environment, std::vector<std::string> sets) {
  static FakeLookup lookup;
  environment.files["f.yaml"] = yaml;
  Loaded loaded = load({{"f.yaml"}, std::move(sets)}, lookup, environment);
  // As the graph does: what only code can see is said by create().
  for (const auto& component : loaded.components()) {
    if (!component->valid || component->type->type != "batch") continue;
    std::vector<Problem> problems;
    Settings::read_from<Batch>(*component->settings, problems);
    for (const Problem& problem : problems) loaded.add_problem(*component, problem.at, SLUICE_ERROR, "", problem.text);
  }
  return loaded;
}

std::string said(const std::string& yaml, FakeEnvironment environment, std::vector<std::string> sets) {
  std::string text = load_text(yaml, std::move(environment), std::move(sets)).render({});
  if (text.empty()) return text;
  return text.substr(0, text.rfind('\n', text.size() - 2) + 1);
}

std::string said_of(const std::string& set, FakeEnvironment environment) {
  std::string out;
  Loaded loaded = load_text(kGood, std::move(environment), {set});
  for (const Diagnostic& d : loaded.diagnostics().all()) {
    out += out.empty() ? "" : "\n";
    out += std::string(d.severity == Severity::error ? "error: " : "warning: ") + d.path + ": " + d.message;
    if (!d.help.empty()) out += "; " + d.help;
    out += " [" + d.id + "]";
  }
  return out;
}

const sluice_value& at(const sluice_value* tree, std::initializer_list<std::string_view> path) {
  if (!tree) throw std::runtime_error("no tree");
  for (std::string_view step : path) {
    const sluice_value* next = nullptr;
    for (uint32_t i = 0; i < tree->child_count; ++i)
      if (view(tree->children[i].key) == step || (tree->kind == SLUICE_LIST && std::to_string(i) == step))
        next = &tree->children[i];
    if (!next) throw std::runtime_error("no value at " + std::string(step));
    tree = next;
  }
  return *tree;
}

}  // namespace sluice::config::testing
