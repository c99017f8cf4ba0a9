// SPDX-License-Identifier: Apache-2.0
// One value and its setting: what is accepted, and what is said of all else.
#include "core/config/check.h"

#include <catch2/catch.hpp>

#include "core/config/testing.h"

namespace sluice::config::testing {
namespace {

const sluice_value* settings(const Loaded& loaded, std::string_view id) {
  for (const auto& component : loaded.components())
    if (component->id == id) return component->settings;
  return nullptr;
}
// The value of a processor's setting after --set processors.<id>=<yaml>.
sluice_value value(const std::string& id, const std::string& yaml, std::initializer_list<std::string_view> path,
                   FakeEnvironment environment = {}) {
  static std::vector<Loaded> kept;
  kept.push_back(load_text(kGood, std::move(environment), {id + "=" + yaml}));
  const Loaded& loaded = kept.back();
  INFO(loaded.render({}));
  CHECK(loaded.ok());
  return at(settings(loaded, id.substr(id.find('.') + 1)), path);
}

TEST_CASE("check: values arrive typed, in the schema's order, defaults filled in", "[config][check]") {
  const Loaded loaded = load_text(kGood, {}, {"processors.batch={send_batch_max_size: 9000, timeout: 1h30m}"});
  const sluice_value* const batch = settings(loaded, "batch");
  REQUIRE(batch);
  REQUIRE(batch->child_count == 5);
  CHECK(view(batch->children[0].key) == "timeout");
  CHECK(batch->children[0].kind == SLUICE_DURATION);
  CHECK(batch->children[0].integer == 5'400'000'000'000);
  CHECK(batch->children[0].flags == SLUICE_WRITTEN);
  CHECK(batch->children[1].integer == 8192);
  CHECK(batch->children[1].flags == 0);
  CHECK(batch->children[2].integer == 9000);
  CHECK(batch->children[3].kind == SLUICE_LIST);
  CHECK(batch->children[3].child_count == 0);
}

TEST_CASE("check: sections, the three kinds", "[config][check]") {
  const std::string grpc = "receivers.otlp.protocols.grpc";
  const auto with = [&](const std::string& yaml) { return load_text(kGood, {}, {grpc + "=" + yaml}); };
  const auto part = [](const Loaded& loaded, std::initializer_list<std::string_view> path) {
    INFO(loaded.render({}));
    return at(settings(loaded, "otlp"), path).kind;
  };
  // grpc is off until it is written, even as null; http is not written.
  for (const char* on : {"", "{}", "{enabled: true}"}) CHECK(part(with(on), {"protocols", "grpc"}) == SLUICE_MAP);
  CHECK(part(with(""), {"protocols", "http"}) == SLUICE_NULL);
  CHECK(said_of(grpc + "={enabled: false}") ==
        "error: receivers::otlp::protocols: must specify at least one protocol when using the OTLP receiver "
        "[config.rule]");
  // keepalive is on until it is switched off.
  for (const char* on : {"{}", "{keepalive: }", "{keepalive: {}}", "{keepalive: {enabled: true}}"})
    CHECK(part(with(on), {"protocols", "grpc", "keepalive"}) == SLUICE_MAP);
  CHECK(part(with("{keepalive: {enabled: false}}"), {"protocols", "grpc", "keepalive"}) == SLUICE_NULL);
  // tls is off when absent or null.
  for (const char* off : {"{}", "{tls: }", "{tls: {enabled: false, cert_file: x}}"})
    CHECK(part(with(off), {"protocols", "grpc", "tls"}) == SLUICE_NULL);
  CHECK(part(with("{tls: {cert_pem: x}}"), {"protocols", "grpc", "tls"}) == SLUICE_MAP);
  // A mistake inside of a part that is off is a mistake; a missing key is none.
  CHECK(said_of(grpc + "={auth: {enabled: false}, tls: {enabled: false, cert_fil: x}}") ==
        "error: receivers::otlp::protocols::grpc::tls: unknown key \"cert_fil\"; did you mean \"cert_file\"? "
        "[config.unknown-key]");
  CHECK(
      said_of(grpc + "={keepalive: {enabled: maybe}}") ==
      "error: receivers::otlp::protocols::grpc::keepalive::enabled: expected true or false, found the text \"maybe\"; "
      "write true or false, without quotes [config.type]");
}

TEST_CASE("check: null is zero for a scalar and leaves everything else", "[config][check]") {
  CHECK(said_of("processors.batch.timeout=") ==
        "warning: processors::batch::timeout: no value: counts as zero, not as the default; leave the key out for the "
        "default 200ms [config.null]");
  CHECK(value("processors.batch", "{timeout: }", {"timeout"}).integer == 0);
  CHECK(value("processors.batch", "{metadata_keys: }", {"metadata_keys"}).child_count == 0);
  CHECK(said_of("receivers.otlp.protocols.grpc.endpoint=") ==
        "warning: receivers::otlp::protocols::grpc::endpoint: no value: counts as empty, not as the default; leave the "
        "key out for the default localhost:4317 [config.null]");
  CHECK(
      said_of("exporters.debug.verbosity=") ==
      "error: exporters::debug::verbosity: no value; accepted: \"basic\", \"normal\" and \"detailed\" [config.choice]");
  CHECK(said_of("exporters.debug.sending_queue={num_consumers: }").find("zero is out of range") != std::string::npos);
  CHECK(
      said_of("processors.batch.send_batch_size=${env:NOPE}") ==
      "warning: processors::batch::send_batch_size: the variable NOPE is not set and counts as empty; set it, or give "
      "a default: ${env:NOPE:-...} [expand.unset-env]");
}

TEST_CASE("check: whole numbers", "[config][check]") {
  const std::string size = "processors.batch.send_batch_size=";
  const std::string path = "error: processors::batch::send_batch_size: ";
  CHECK(value("processors.batch", "{send_batch_size: 0x10}", {"send_batch_size"}).integer == 16);
  CHECK(value("processors.batch", "{send_batch_size: 1e3}", {"send_batch_size"}).integer == 1000);
  CHECK(said_of(size + "-1") == path + "-1 is out of range; accepted: 0 to 4294967295 items [config.range]");
  CHECK(said_of(size + "5000000000") ==
        path + "5000000000 is out of range; accepted: 0 to 4294967295 items [config.range]");
  CHECK(said_of(size + "99999999999999999999") ==
        path + "99999999999999999999 is out of range; accepted: 0 to 4294967295 items [config.range]");
  CHECK(said_of(size + "1.9") == path + "expected a whole number, found the number 1.9 [config.type]");
  CHECK(said_of(size + "'64'") ==
        path + "expected a whole number, found the text \"64\"; remove the quotes [config.type]");
  CHECK(said_of(size + "true") == path + "expected a whole number, found true [config.type]");
  CHECK(said_of(size + "[1]") == path + "expected a whole number, found a list [config.type]");
}

TEST_CASE("check: numbers, true and false", "[config][check]") {
  const std::string id = "processors.memory_limiter";
  CHECK(value(id, "{ratio: 1}", {"ratio"}).number == 1);
  CHECK(value(id, "{ratio: 0.25}", {"ratio"}).number == 0.25);
  CHECK(said_of(id + ".ratio=1.5").find("1.5 is out of range; accepted: 0 to 1 [config.range]") != std::string::npos);
  CHECK(said_of(id + ".ratio=.nan").find("[config.range]") != std::string::npos);
  CHECK(said_of(id + ".ratio=x").find("expected a number, found the text \"x\" [config.type]") != std::string::npos);
  CHECK(said_of("receivers.otlp.protocols.grpc.include_metadata=yes")
            .find("expected true or false, found the text \"yes\"; write true or false, without quotes") !=
        std::string::npos);
}

TEST_CASE("check: durations", "[config][check]") {
  const std::string timeout = "processors.batch.timeout=", path = "error: processors::batch::timeout: ";
  CHECK(value("processors.batch", "{timeout: 0}", {"timeout"}).integer == 0);
  CHECK(said_of(timeout + "30") == path +
                                       "expected a duration such as 500ms, 10s, 1h30m, found the number 30; write 30s "
                                       "for seconds, or 30ms [config.type]");
  CHECK(said_of(timeout + "1.5") ==
        path +
            "expected a duration such as 500ms, 10s, 1h30m, found the number 1.5; a unit is "
            "missing: ns, us, ms, s, m, h [config.type]");
  CHECK(said_of(timeout + "5x") ==
        path + "\"5x\" is no duration; write one such as 500ms, 10s, 1h30m [config.duration]");
  CHECK(said_of(timeout + "-5s") == path + "\"-5s\" is out of range; accepted: at least 0s [config.range]");
  CHECK(said_of("processors.memory_limiter.check_interval=0s").find("accepted: above 0s [config.range]") !=
        std::string::npos);
}

TEST_CASE("check: sizes", "[config][check]") {
  const std::string size = "receivers.otlp.protocols.grpc.read_buffer_size=";
  const std::string path = "error: receivers::otlp::protocols::grpc::read_buffer_size: ";
  CHECK(
      at(settings(load_text(kGood, {}, {size + "20MiB"}), "otlp"), {"protocols", "grpc", "read_buffer_size"}).integer ==
      20 << 20);
  CHECK(said_of(size + "20mb") == "");
  CHECK(said_of(size + "20x") ==
        path + "\"20x\" is no size; write one such as 1048576, 512KiB or 20MiB [config.bytes]");
  CHECK(said_of(size + "-1") == path + "-1 is out of range; accepted: at least 0 [config.range]");
  CHECK(said_of(size + "true") == path + "expected a size such as 1048576 or 20MiB, found true [config.type]");
}

TEST_CASE("check: texts, choices and their forms", "[config][check]") {
  const std::string endpoint = "receivers.otlp.protocols.grpc.endpoint=";
  const std::string path = "error: receivers::otlp::protocols::grpc::endpoint: ";
  CHECK(said_of(endpoint + "5").find("expected text, found the number 5; put it in quotes [config.type]") !=
        std::string::npos);
  CHECK(said_of(endpoint + "localhost") ==
        path + "there is no port; write host:port, such as localhost:4317 [config.format]");
  CHECK(said_of(endpoint + "localhost:99999") == path + "no valid port; accepted: 0 to 65535 [config.format]");
  CHECK(said_of(endpoint + "http://localhost:1").find("a URL is no address") != std::string::npos);
  CHECK(said_of(endpoint + "'::1:4317'").find("an IPv6 address needs brackets; write [::1]:4317") != std::string::npos);
  CHECK(said_of(endpoint + "'[::1]:4317'") == "");
  CHECK(said_of("receivers.otlp.protocols.grpc.tls={cert_pem: x, min_version: '1.4'}")
            .find("\"1.4\" does not have the right form; accepted: 1\\.[0-3] [config.format]") != std::string::npos);
  CHECK(said_of("exporters.debug.verbosity=detaild") ==
        "error: exporters::debug::verbosity: \"detaild\" is not one of \"basic\", \"normal\" and \"detailed\"; did you "
        "mean \"detailed\"? [config.choice]");
  CHECK(said_of("exporters.debug.verbosity=3").find("expected one of \"basic\", \"normal\" or \"detailed\"") !=
        std::string::npos);
  const std::string actions = "processors.attributes.actions=";
  CHECK(
      view(value("processors.attributes", "{actions: [{key: a, action: UPSERT, value: 1}]}", {"actions", "0", "action"})
               .string) == "upsert");
  CHECK(said_of(actions + "[{action: delete, pattern: '('}]").find("this is no regular expression") !=
        std::string::npos);
}

TEST_CASE("check: a value of a variable is a text for texts and typed for all else", "[config][check]") {
  FakeEnvironment environment;
  environment.variables = {{"N", "0123"}, {"L", "[a, b]"}, {"C", "a,b"}, {"NIL", "null"}};
  CHECK(view(value("exporters.otlp_grpc", "{endpoint: 'a:1', token: '${NIL}'}", {"token"}, environment).string) ==
        "null");
  CHECK(value("processors.batch", "{send_batch_size: '${N}'}", {"send_batch_size"}, environment).integer == 83);
  CHECK(value("processors.batch", "{metadata_keys: '${L}'}", {"metadata_keys"}, environment).child_count == 2);
  CHECK(value("processors.batch", "{metadata_keys: '${C}'}", {"metadata_keys"}, environment).child_count == 2);
  CHECK(view(value("processors.batch", "{metadata_keys: ['${N}', '${L}']}", {"metadata_keys", "1"}, environment)
                 .string) == "[a, b]");
  CHECK(said_of("processors.batch.timeout=${N}", environment) ==
        "error: processors::batch::timeout: expected a duration such as 500ms, 10s, 1h30m, found a number, from "
        "${env:N}; a unit is missing: ns, us, ms, s, m, h [config.type]");
  CHECK(said_of("exporters.debug.verbosity=${C}", environment).find("this text of 3 bytes is not one of") !=
        std::string::npos);
}

TEST_CASE("check: lists, of texts also with commas", "[config][check]") {
  const std::string keys = "processors.batch.metadata_keys=", path = "error: processors::batch::metadata_keys";
  const sluice_value list = value("processors.batch", "{metadata_keys: 'a,b'}", {"metadata_keys"});
  REQUIRE(list.child_count == 2);
  CHECK(view(list.children[1].string) == "b");
  CHECK(value("processors.batch", "{metadata_keys: ''}", {"metadata_keys"}).child_count == 0);
  CHECK(said_of(keys + "[a, 5]") == path + "[1]: expected text, found the number 5; put it in quotes [config.type]");
  CHECK(said_of(keys + "{a: b}") == path + ": expected a list, found a map; begin each item with \"- \" [config.type]");
  CHECK(said_of(keys + "5") == path + ": expected a list, found the number 5; write [ ] around it [config.type]");
  CHECK(said_of(keys + "[a, b, A]") ==
        path +
            "[2]: the item stands twice in this list, letter case aside; remove one of the two "
            "[config.duplicate-item]");
  CHECK(
      said_of("processors.attributes.actions=[]").find("0 items are too few; accepted: at least 1 [config.too-few]") !=
      std::string::npos);
}

TEST_CASE("check: headers in both forms, free maps, any value", "[config][check]") {
  const std::string exporter = "exporters.otlp_grpc";
  const sluice_value map = value(exporter, "{endpoint: 'a:1', headers: {x: y}}", {"headers"});
  CHECK(map.kind == SLUICE_MAP);
  CHECK(map.children[0].kind == SLUICE_SECRET);
  const sluice_value list = value(exporter, "{endpoint: 'a:1', headers: [{name: x, value: y}]}", {"headers"});
  CHECK(list.kind == SLUICE_MAP);
  CHECK(view(list.children[0].key) == "x");
  CHECK(view(list.children[0].string) == "y");
  CHECK(said_of(exporter + "={endpoint: 'a:1', headers: [{x: y}]}")
            .find("expected {name: ..., value: ...}, found a map [config.type]") != std::string::npos);
  CHECK(said_of(exporter + "={endpoint: 'a:1', headers: 5}")
            .find("expected a map of headers, found a number [config.type]") != std::string::npos);
  CHECK(view(value(exporter, "{endpoint: 'a:1', labels: {k: v}}", {"labels", "k"}).string) == "v");
  const sluice_value any =
      value("processors.attributes", "{actions: [{key: k, action: insert, value: {a: [1, x, 1.5, true, ]}}]}",
            {"actions", "0", "value", "a"});
  REQUIRE(any.child_count == 4);
  CHECK(any.children[0].kind == SLUICE_INT);
  CHECK(any.children[1].kind == SLUICE_STRING);
  CHECK(any.children[2].kind == SLUICE_DOUBLE);
  CHECK(any.children[3].kind == SLUICE_BOOL);
}

TEST_CASE("check: keys that are unknown, renamed, deprecated, gone, not supported, missing", "[config][check]") {
  const std::string limiter = "processors.memory_limiter=";
  const auto has = [](const std::string& all, const std::string& part) {
    INFO(all);
    CHECK(all.find(part) != std::string::npos);
  };
  has(said_of("exporters.otlp_grpc={endpoint: 'a:1', insecure: true}"),
      "error: exporters::otlp_grpc: unknown key \"insecure\"; it belongs into \"tls\" [config.unknown-key]");
  has(said_of("processors.batch={xyz: 1}"),
      "unknown key \"xyz\"; accepted: timeout, send_batch_size, send_batch_max_size, metadata_keys, "
      "metadata_cardinality_limit [config.unknown-key]");
  has(said_of(limiter + "{interval: 2s}"),
      "warning: processors::memory_limiter: \"interval\" has a new name; write \"check_interval\" [config.renamed]");
  CHECK(value("processors.memory_limiter", "{interval: 2s}", {"check_interval"}).integer == 2'000'000'000);
  has(said_of(limiter + "{interval: 2s, check_interval: 3s}"),
      "\"check_interval\" is given by its old and its new name; remove one of the two [yaml.duplicate-key]");
  has(said_of(limiter + "{limit_percentage: 50}"),
      "warning: processors::memory_limiter::limit_percentage: write limit_mib instead [config.deprecated]");
  has(said_of(limiter + "{ballast_size_mib: 50}"),
      "this key is gone; there is no ballast any more; remove it [config.removed]");
  has(said_of("receivers.otlp.protocols.grpc.tls={cert_pem: x, tpm: {}}"),
      "error: receivers::otlp::protocols::grpc::tls::tpm: keys in a TPM are not supported yet [config.unsupported]");
  CHECK(said_of("receivers.otlp.protocols.grpc.tls={cert_pem: x, tpm: }") == "");
  has(said_of("exporters.otlp_grpc={}"),
      "error: exporters::otlp_grpc: the key \"endpoint\" is missing; such as endpoint: tempo:4317 [config.missing]");
  has(said_of("exporters.otlp_grpc={endpoint: ''}"),
      "exporters::otlp_grpc::endpoint: a value is missing [config.missing]");
  has(said_of("exporters.otlp_grpc={endpoint: }"),
      "exporters::otlp_grpc::endpoint: a value is missing [config.missing]");
}

TEST_CASE("check: rules between keys", "[config][check]") {
  const auto rule = [](const std::string& action) {
    std::string all = said_of("processors.attributes.actions=[" + action + "]");
    const std::string path = "error: processors::attributes::actions[0]";
    const size_t at = all.find(path);
    return at == std::string::npos ? "" : all.substr(at + path.size(), all.find('\n', at) - at - path.size());
  };
  CHECK(rule("{action: insert, value: 1}") == ": with action \"insert\", \"key\" is missing [config.rule]");
  CHECK(rule("{action: insert, key: a}") ==
        ": with action \"insert\", one of \"value\" or \"from_attribute\" is missing [config.rule]");
  CHECK(
      rule("{action: insert, key: a, value: 1, from_attribute: b}") ==
      "::from_attribute: with action \"insert\", only one of \"value\" and \"from_attribute\" is accepted; remove the "
      "others [config.rule]");
  CHECK(rule("{action: Delete, key: a, value: 1}") ==
        "::value: with action \"delete\", \"value\" is not accepted; remove it [config.rule]");
  CHECK(rule("{action: hash}") ==
        ": with action \"hash\", at least one of \"key\" and \"pattern\" is needed [config.rule]");
  CHECK(rule("{action: hash, pattern: ''}") ==
        ": with action \"hash\", at least one of \"key\" and \"pattern\" is needed [config.rule]");
  CHECK(rule("{key: a}") == ": the key \"action\" is missing [config.missing]");
  CHECK(rule("{action: insert, key: a, value: 0}") == "");
  const std::string tls = "receivers.otlp.protocols.grpc.tls=";
  CHECK(said_of(tls + "{cert_pem: x, cert_file: y, key_file: z}")
            .find("only one of \"cert_file\" and \"cert_pem\" is accepted") != std::string::npos);
  CHECK(said_of(tls + "{cert_file: y}")
            .find("\"cert_file\" and \"key_file\" belong together, \"key_file\" is missing [config.rule]") !=
        std::string::npos);
}

TEST_CASE("check: delivery keys belong to the core, with the exporter's defaults", "[config][check]") {
  const Loaded loaded = load_text(kGood, {}, {"exporters.otlp_grpc={endpoint: 'a:1', timeout: 7s}"});
  for (const auto& component : loaded.components()) {
    if (component->kind != Kind::exporter) {
      CHECK_FALSE(component->delivery);
      continue;
    }
    REQUIRE(component->delivery);
    const bool otlp = component->id == "otlp_grpc";
    CHECK(bool(component->delivery->sending_queue) == otlp);
    CHECK(bool(component->delivery->retry_on_failure) == otlp);
    CHECK(component->delivery->timeout == (otlp ? 7s : 0s));
    for (uint32_t i = 0; i < component->settings->child_count; ++i)
      CHECK(view(component->settings->children[i].key) != "timeout");
  }
  const auto queue = [](const std::string& yaml) {
    const Loaded one = load_text(kGood, {}, {"exporters.debug.sending_queue=" + yaml});
    INFO(one.render({}));
    REQUIRE(one.ok());
    for (const auto& component : one.components())
      if (component->delivery) return component->delivery->sending_queue;
    return Section<SendingQueue>{};
  };
  CHECK(queue("{}").on);
  CHECK(queue("").on);
  CHECK_FALSE(queue("{enabled: false}").on);
  CHECK(queue("{batch: {}}")->batch->sizer == Sizer::items);
  CHECK(queue("{sizer: bytes, queue_size: 90000, batch: {max_size: 9000}}")->batch->sizer == Sizer::bytes);
  CHECK(queue("{sizer: bytes, batch: {}}")->batch->sizer == Sizer::items);
  CHECK(queue("{sizer: requests, batch: {max_size: 9000}}")->batch->sizer == Sizer::items);
  CHECK(said_of("exporters.debug.sending_queue={storage: x}") ==
        "error: exporters::debug::sending_queue::storage: queues on disk are not supported yet; leave storage out to "
        "queue in memory [config.unsupported]");
  CHECK(said_of("exporters.debug.sending_queue={sizer: items, queue_size: 5, batch: {min_size: 10}}") ==
        "error: exporters::debug::sending_queue::queue_size: must be at least batch::min_size when both count the same "
        "[config.check]");
  CHECK(said_of("exporters.debug.retry_on_failure={max_elapsed_time: 1s}") ==
        "error: exporters::debug::retry_on_failure::max_elapsed_time: must be 0, or at least initial_interval and "
        "max_interval [config.check]");
}

TEST_CASE("check: what create() says stands at its place", "[config][check]") {
  CHECK(said(kGood, {}, {"processors.batch={send_batch_size: 10, send_batch_max_size: 5}"}) ==
        "--set processors.batch:1:44: error: processors::batch::send_batch_max_size: must be 0, or at least "
        "send_batch_size (10) [config.check]\n"
        "  1 | {send_batch_size: 10, send_batch_max_size: 5}\n"
        "    |                                            ^\n");
  Loaded loaded = load_text(kGood);
  const Component& otlp = *loaded.components()[0];
  loaded.add_problem(otlp, &at(otlp.settings, {"protocols", "grpc", "endpoint"}), SLUICE_WARN, "config.check", "hm");
  loaded.add_problem(otlp, nullptr, SLUICE_ERROR, "", "no");
  CHECK(loaded.diagnostics().errors() == 1);
  CHECK(loaded.render({}) ==
        "f.yaml:2:3: error: receivers::otlp: no [config.check]\n"
        "  2 |   otlp: {protocols: {grpc: }}\n"
        "    |   ^^^^\n"
        "f.yaml:2:22: warning: receivers::otlp::protocols::grpc::endpoint: hm [config.check]\n"
        "  2 |   otlp: {protocols: {grpc: }}\n"
        "    |                      ^^^^\n"
        "1 error, 1 warning\n");
  CHECK(loaded.place(otlp) == "f.yaml:2:3");
}

TEST_CASE("check: the secrets of a configuration are known", "[config][check]") {
  const Loaded loaded =
      load_text(kGood, {}, {"exporters.otlp_grpc={endpoint: 'a:1', token: one, headers: {a: two, b: ''}}"});
  CHECK(loaded.secrets() == std::vector<std::string_view>{"two", "one"});
}

}  // namespace
}  // namespace sluice::config::testing
