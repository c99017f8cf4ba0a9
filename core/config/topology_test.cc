// SPDX-License-Identifier: Apache-2.0
// Components, pipelines and what refers to what: each mistake as the user reads it.
#include <catch2/catch.hpp>

#include "core/config/state.h"
#include "core/config/testing.h"

namespace sluice::config::testing {
namespace {

TEST_CASE("topology: a good configuration gives components, pipelines and the default telemetry",
          "[config][topology]") {
  const Loaded loaded = load_text(R"(
extensions: {health_check: , basicauth/a: }
receivers: {otlp: {protocols: {grpc: {auth: {authenticator: basicauth/a}}}}}
exporters: {debug: , debug/2: }
connectors: {forward: }
processors: {batch: , batch/2: }
service:
  extensions: [health_check, basicauth/a]
  pipelines:
    traces: {receivers: [otlp], processors: [batch/2, batch], exporters: [forward, debug]}
    traces/2: {receivers: [forward], exporters: [debug/2]}
)");
  INFO(loaded.render({}));
  REQUIRE(loaded.ok());
  REQUIRE(loaded.pipelines().size() == 2);
  const Pipeline& first = loaded.pipelines()[0];
  CHECK(first.id == "traces");
  CHECK(first.signal == SLUICE_TRACES);
  CHECK(first.processors[0]->id == "batch/2");
  CHECK(first.exporters[0]->kind == Kind::connector);
  CHECK(first.exporters[0] == loaded.pipelines()[1].receivers[0]);
  REQUIRE(loaded.extensions().size() == 2);
  CHECK(loaded.extensions()[0]->id == "health_check");
  const Component& otlp = *first.receivers[0];
  REQUIRE(otlp.references.size() == 1);
  CHECK(otlp.references[0].target == loaded.extensions()[1]);
  CHECK(otlp.references[0].interface == "sluice.auth-server/0");
  CHECK(otlp.references[0].path == "receivers::otlp::protocols::grpc::auth::authenticator");
  REQUIRE(loaded.telemetry().metrics.readers.size() == 1);
  CHECK(loaded.telemetry().metrics.readers[0].pull->exporter.prometheus->port == 8888);
}

TEST_CASE("topology: telemetry", "[config][topology]") {
  const Loaded loaded = load_text(kGood, {}, {R"(service.telemetry={logs: {level: WARN, sampling: {enabled: false}},
    metrics: {level: None, readers: []}, resource: {a: 1, b: null, service.name: x}})"});
  INFO(loaded.render({}));
  REQUIRE(loaded.ok());
  CHECK(loaded.telemetry().logs.level == LogLevel::warn);
  CHECK_FALSE(loaded.telemetry().logs.sampling);
  CHECK(loaded.telemetry().metrics.level == MetricsLevel::none);
  CHECK(loaded.telemetry().metrics.readers.empty());
  const auto attributes = resource_attributes(loaded.telemetry());
  REQUIRE(attributes.size() == 3);
  CHECK(attributes[0].value == "1");
  CHECK(attributes[1].removed);
  const Loaded other = load_text(
      kGood, {},
      {"service.telemetry.resource={schema_url: x, attributes: [{name: a, value: true}, {name: b, value: 1.5}]}"});
  REQUIRE(resource_attributes(other.telemetry()).size() == 2);
  CHECK(resource_attributes(other.telemetry())[0].value == "true");
  CHECK(resource_attributes(other.telemetry())[1].value == "1.5");
  CHECK(said_of("service.telemetry.metrics.readers=[]") ==
        "error: service::telemetry::metrics::readers: there is no reader, but the level is not none; leave readers out "
        "for the default [config.missing]");
  CHECK(said_of("service.telemetry.metrics.address=':8888'") ==
        "error: service::telemetry::metrics::address: this key is gone; write readers instead: [{pull: {exporter: "
        "{prometheus: {host: localhost, port: 8888}}}}] [config.removed]");
  for (const char* unsupported : {"metrics.views=[1]", "traces.processors=[1]", "logs.processors=[1]",
                                  "metrics.readers=[{periodic: {interval: 1}}]"})
    CHECK(said_of(std::string("service.telemetry.") + unsupported).find("not supported yet") != std::string::npos);
  const std::string resource = "error: service::telemetry::resource: ";
  CHECK(said_of("service.telemetry.resource={attributes: [{value: x}]}") ==
        resource + "each of the attributes needs a name: write [{name: ..., value: ...}] [config.check]");
  CHECK(said_of("service.telemetry.resource={detection/development: {}}") ==
        resource +
            "\"detection/development\" is not supported yet: attributes are not detected; write them under "
            "\"attributes\" [config.check]");
  CHECK(said_of("service.telemetry.resource={attributes_list: a=b}") ==
        resource +
            "\"attributes_list\" is not supported yet; write \"attributes\": [{name: ..., value: ...}] "
            "[config.check]");
  CHECK(said_of("service.telemetry.metrics.readers=[{}]").find("a reader needs `pull: ...`") != std::string::npos);
  CHECK(said_of("service.telemetry.metrics.readers=[{pull: {exporter: {}}}]")
            .find("a pull reader needs `exporter: {prometheus: ...}`") != std::string::npos);
}

TEST_CASE("topology: sections that are missing", "[config][topology]") {
  CHECK(said("exporters: {debug: }\n") ==
        "f.yaml:1:1: error: receivers: there is no receiver; define one under \"receivers\" [config.missing]\n"
        "f.yaml:1:1: error: service::pipelines: there is no pipeline; write one such as traces: {receivers: [otlp], "
        "exporters: [debug]} [config.no-pipeline]\n"
        "f.yaml:1:13: warning: exporters::debug: no pipeline uses it; use it, or remove it [config.unused]\n"
        "  1 | exporters: {debug: }\n"
        "    |             ^^^^^\n");
  CHECK(said_of("service=").find("service::pipelines: there is no pipeline;") != std::string::npos);
  CHECK(said_of("service.pipelines={}") == "");  // {} changes nothing
  CHECK(said_of("service.pipelines=[a]").find("service::pipelines: expected a map of pipelines; ") !=
        std::string::npos);
  CHECK(said_of("service=5").find("error: service: expected a map; accepted: pipelines, extensions, telemetry") !=
        std::string::npos);
  CHECK(said_of("receivers=x").find("receivers: expected a map of receivers, found a single value") !=
        std::string::npos);
}

TEST_CASE("topology: keys that are unknown at the top", "[config][topology]") {
  CHECK(said_of("reciever.otlp=") ==
        "error: : unknown key \"reciever\"; did you mean \"receivers\"? [config.unknown-key]");
  CHECK(said_of("pipelines.traces=") ==
        "error: : unknown key \"pipelines\"; it belongs into \"service\" [config.unknown-key]");
  CHECK(said_of("service.pipeline=") ==
        "error: service: unknown key \"pipeline\"; did you mean \"pipelines\"? [config.unknown-key]");
  CHECK(
      said_of("service.pipelines.traces.exporter=[debug]") ==
      "error: service::pipelines::traces: unknown key \"exporter\"; did you mean \"exporters\"? [config.unknown-key]");
}

TEST_CASE("topology: components that do not exist, or elsewhere", "[config][topology]") {
  CHECK(said_of("processors.btch=") ==
        "error: processors: there is no processor \"btch\"; did you mean \"batch\"? [config.unknown-component]");
  CHECK(said_of("processors.xyzzy=")
            .find("there is no processor \"xyzzy\"; accepted: batch, attributes, memory_limiter") != std::string::npos);
  CHECK(said_of("receivers.batch/2=") ==
        "error: receivers: there is no receiver \"batch\"; \"batch\" is a processor: move it to \"processors\" "
        "[config.unknown-component]");
  CHECK(said_of("processors.logging=").find("\"logging\" is an exporter: move it to \"exporters\"") !=
        std::string::npos);
}

TEST_CASE("topology: a plugin that does not load, or whose schema is broken", "[config][topology]") {
  FakeLookup lookup;
  lookup.broken["receiver/kafka"] = "plugins/receiver_kafka.so: built for plugin ABI 2.1, this collector loads 0.1";
  lookup.add(Kind::receiver, "odd", {}, "{\"type\":\"object\",", 0, kAllSignals);
  FakeEnvironment environment;
  environment.files["f.yaml"] = kGood;
  const Loaded loaded = load({{"f.yaml"}, {"receivers.kafka=", "receivers.odd="}}, lookup, environment);
  CHECK(
      loaded.render({}).find("--set receivers.kafka:1:1: error: receivers: plugins/receiver_kafka.so: built for plugin "
                             "ABI 2.1, this collector loads 0.1 [config.plugin]") != std::string::npos);
  CHECK(loaded.render({}).find(
            "receiver_odd.so: the schema of \"odd\" is broken: a key is missing at offset 17; this is "
            "a mistake of the plugin; `sluice plugin check` shows it [config.plugin]") != std::string::npos);
}

TEST_CASE("topology: ids", "[config][topology]") {
  CHECK(parse_id(" otlp / a ").full == "otlp/a");
  CHECK(parse_id("otlp").name == "");
  CHECK(parse_id("").why == "an id is missing");
  CHECK(parse_id("/a").why == "the part before the / is missing");
  CHECK(parse_id("a/").why == "the part after the / is missing");
  CHECK(parse_id("a-b").why == "the type has characters that are not accepted");
  CHECK(parse_id("1a").why == "the type has characters that are not accepted");
  CHECK(parse_id("a/b c").why == "the name has characters that are not accepted");
  CHECK(parse_id("a/b$").why == "the name has characters that are not accepted");
  CHECK(parse_id("a/\xC3\xA4-b.c/d").why == "");
  CHECK(parse_id("a/" + std::string(1025, 'x')).why == "the name is longer than 1024 bytes");
  CHECK(said("receivers: {otlp: {protocols: {grpc: }}, ' otlp ': }\n")
            .find("\"otlp\" is defined twice; add a name behind a /") != std::string::npos);
  CHECK(said_of("connectors.forward=\n").find("[config.unused]") != std::string::npos);
}

TEST_CASE("topology: an older name of a type is accepted, with a warning", "[config][topology]") {
  CHECK(said_of("exporters.logging/x=") ==
        "warning: exporters: \"logging\" is an older name of this exporter; write \"debug\" [config.deprecated]\n"
        "warning: exporters::logging/x: no pipeline uses it; use it, or remove it [config.unused]");
}

TEST_CASE("topology: pipelines that name nothing, something undefined, something twice", "[config][topology]") {
  const std::string traces = "service.pipelines.traces", path = "error: service::pipelines::traces";
  CHECK(said_of(traces + ".receivers=[]") ==
        "warning: receivers::otlp: no pipeline uses it; use it, or remove it [config.unused]\n" + path +
            ": there must be at least one receiver; name it in \"receivers\" [config.missing]");
  CHECK(said_of("service.pipelines.logs=")
            .find("error: service::pipelines::logs: there must be at least one exporter; name it in \"exporters\"") !=
        std::string::npos);
  CHECK(said_of(traces + ".exporters=[debug, debgu]") ==
        path + "::exporters: exporter \"debgu\" is not defined; did you mean \"debug\"? [config.undefined]");
  CHECK(said_of(traces + ".exporters=[debug, file]") ==
        path + "::exporters: exporter \"file\" is not defined; define it under \"exporters\" [config.undefined]");
  CHECK(said_of(traces + ".processors=[batch, otlp]") ==
        path + "::processors: processor \"otlp\" is not defined; \"otlp\" is a receiver here [config.undefined]");
  CHECK(said_of(traces + ".processors=[batch, batch]") ==
        path +
            "::processors: processor \"batch\" stands twice in this list; remove one of the two "
            "[config.duplicate-item]");
  CHECK(said_of(traces + ".exporters=debug") ==
        path + "::exporters: expected a list of ids; write [ ] around it [config.type]");
  CHECK(said_of(traces + ".exporters=[debug, 5]") ==
        path + "::exporters[1]: expected the id of a component [config.type]");
  CHECK(said_of(traces + ".exporters=[debug, a/]").find("[config.id]") != std::string::npos);
}

TEST_CASE("topology: a processor that belongs first, elsewhere, is warned of", "[config][topology]") {
  FakeLookup lookup;
  lookup.add(Kind::processor, "guard", {}, R"({"type":"object","properties":{"":{"x-first":"it guards the rest"}}})",
             kAllSignals, kAllSignals);
  FakeEnvironment environment;
  environment.files["f.yaml"] = kGood;
  const std::string processors = "service.pipelines.traces.processors=";
  CHECK(load({{"f.yaml"}, {"processors.guard=", processors + "[guard, batch]"}}, lookup, environment)
            .diagnostics()
            .all()
            .empty());
  const Loaded late = load({{"f.yaml"}, {"processors.guard=", processors + "[batch, guard]"}}, lookup, environment);
  CHECK(late.ok());
  CHECK(late.render({}).find(
            "warning: service::pipelines::traces::processors: processor \"guard\" is not the first here; "
            "move it to the front: it guards the rest [config.order]") != std::string::npos);
}

TEST_CASE("topology: signals", "[config][topology]") {
  CHECK(said_of("service.pipelines.trace={receivers: [otlp], exporters: [debug]}") ==
        "error: service::pipelines: there is no signal \"trace\"; did you mean \"traces\"? [config.signal]");
  CHECK(said_of("service.pipelines.profiles={receivers: [otlp], exporters: [debug]}") ==
        "error: service::pipelines::profiles: pipelines of profiles are not supported yet [config.unsupported]");
  const Loaded loaded =
      load_text(kGood, {}, {"receivers.zipkin=", "service.pipelines.logs/z={receivers: [zipkin], exporters: [debug]}"});
  REQUIRE(loaded.diagnostics().all().size() == 1);
  CHECK(loaded.diagnostics().all()[0].message == "receiver \"zipkin\" does not have logs");
  CHECK(loaded.diagnostics().all()[0].help == "it has traces");
  CHECK(loaded.diagnostics().all()[0].id == "config.signal");
}

TEST_CASE("topology: connectors need both ends, and go round in no circle", "[config][topology]") {
  const std::string base = "receivers: {otlp: {protocols: {grpc: }}}\nexporters: {debug: }\n";
  CHECK(said(base + "connectors: {forward: }\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [debug, "
                    "forward]}}}\n") ==
        "f.yaml:3:14: error: connectors::forward: it is an exporter of a pipeline, but no pipeline has it as receiver; "
        "name it in the receivers of a pipeline [config.connector]\n"
        "  3 | connectors: {forward: }\n"
        "    |              ^^^^^^^\n");
  CHECK(
      said(
          base +
          "connectors: {forward: }\nservice: {pipelines: {traces: {receivers: [otlp, forward], exporters: [debug]}}}\n")
          .find("it is a receiver of a pipeline, but no pipeline has it as exporter") != std::string::npos);
  CHECK(
      said(base + "connectors: {forward: , forward/b: }\nservice:\n  pipelines:\n"
                  "    traces: {receivers: [otlp, forward/b], exporters: [forward]}\n"
                  "    traces/2: {receivers: [forward], exporters: [forward/b, debug]}\n") ==
      "f.yaml:6:5: error: service::pipelines::traces: a circle: pipeline \"traces\" -> connector \"forward\" -> "
      "pipeline \"traces/2\" -> connector \"forward/b\" -> pipeline \"traces\"; data would never leave it; remove the "
      "connector from one of these pipelines [config.cycle]\n"
      "  6 |     traces: {receivers: [otlp, forward/b], exporters: [forward]}\n"
      "    |     ^^^^^^\n");
  CHECK(said(base + "connectors: {forward: }\nservice: {pipelines: {traces: {receivers: [otlp, forward], exporters: "
                    "[forward, debug]}}}\n")
            .find("a circle: pipeline \"traces\" -> connector \"forward\" -> pipeline \"traces\";") !=
        std::string::npos);
}

TEST_CASE("topology: connector that keeps the signal, needs it at both ends", "[config][topology]") {
  FakeLookup lookup;
  const std::string same = R"({"type":"object","properties":{"":{"x-pairs":"same"}}})";
  lookup.add(Kind::connector, "same", {}, same, kAllSignals, kAllSignals);
  FakeEnvironment environment;
  const auto said_of_ends = [&](const std::string& pipelines) {
    environment.files["f.yaml"] =
        "receivers: {otlp: {protocols: {grpc: }}}\nexporters: {debug: }\nconnectors: {same: }\n"
        "service:\n  pipelines:\n" +
        pipelines;
    return load({{"f.yaml"}, {}}, lookup, environment).render({});
  };
  CHECK(said_of_ends("    traces: {receivers: [otlp], exporters: [same]}\n"
                     "    traces/2: {receivers: [same], exporters: [debug]}\n") == "");
  const std::string said = said_of_ends(
      "    traces: {receivers: [otlp], exporters: [debug, same]}\n"
      "    metrics: {receivers: [same], exporters: [debug]}\n");
  INFO(said);
  CHECK(said.find("f.yaml:6:52: error: service::pipelines::traces::exporters: connector \"same\" keeps the signal, but "
                  "no pipeline of traces has it as receiver; name it in the receivers of a pipeline of traces "
                  "[config.connector]") != std::string::npos);
  CHECK(
      said.find("f.yaml:7:27: error: service::pipelines::metrics::receivers: connector \"same\" keeps the signal, but "
                "no pipeline of metrics has it as exporter; name it in the exporters of a pipeline of metrics "
                "[config.connector]") != std::string::npos);
}

TEST_CASE("topology: a connector has the id of nobody else at its ends", "[config][topology]") {
  FakeLookup lookup;
  lookup.add(Kind::connector, "debug", {}, "{\"type\":\"object\",\"properties\":{}}", kAllSignals, kAllSignals);
  FakeEnvironment environment;
  environment.files["f.yaml"] = kGood;
  const Loaded loaded = load({{"f.yaml"}, {"connectors.debug="}}, lookup, environment);
  CHECK(loaded.render({}).find(
            "connectors::debug: a connector and an exporter have the same id; rename one of them, such "
            "as \"debug/connector\" [config.id]") != std::string::npos);
}

TEST_CASE("topology: extensions and references", "[config][topology]") {
  CHECK(said_of("service.extensions=[zpages]") ==
        "error: service::extensions: extension \"zpages\" is not defined; define it under \"extensions\" "
        "[config.undefined]");
  CHECK(said_of("service.extensions=[otlp]").find("\"otlp\" is a receiver here") != std::string::npos);
  const auto auth = [](std::vector<std::string> sets) {
    sets.push_back("receivers.otlp.protocols.grpc.auth.authenticator=basicauth");
    const Loaded loaded = load_text(kGood, {}, sets);
    return loaded.diagnostics().all().empty()
               ? ""
               : loaded.diagnostics().all().back().message + "; " + loaded.diagnostics().all().back().help;
  };
  CHECK(auth({"extensions.basicauth=", "service.extensions=[basicauth]"}) == "");
  CHECK(auth({}) ==
        "extension \"basicauth\" is not defined; define it under \"extensions\" and list it in service::extensions");
  CHECK(auth({"extensions.basicauth/x="}) == "extension \"basicauth\" is not defined; did you mean \"basicauth/x\"?");
  CHECK(auth({"extensions.basicauth="}) == "extension \"basicauth\" is not started; list it in service::extensions");
  CHECK(said_of("extensions.health_check=") ==
        "warning: extensions::health_check: the extension is not started; list it in service::extensions, or remove it "
        "[config.unused]");
  const Loaded wrong = load_text(kGood, {},
                                 {"extensions.health_check=", "service.extensions=[health_check]",
                                  "receivers.otlp.protocols.grpc.auth.authenticator=health_check"});
  REQUIRE(wrong.diagnostics().all().size() == 1);
  CHECK(wrong.diagnostics().all()[0].message ==
        "extension \"health_check\" cannot do this: it has no sluice.auth-server/0");
  const Loaded circle = load_text(
      kGood, {},
      {"extensions={health_check: {behind: health_check/2}, health_check/2: {behind: health_check, endpoint: 'a:1'}}",
       "service.extensions=[health_check, health_check/2]"});
  REQUIRE(circle.diagnostics().all().size() == 1);
  CHECK(circle.diagnostics().all()[0].id == "config.cycle");
  CHECK(circle.diagnostics().all()[0].message ==
        "components refer to each other: \"health_check\" -> \"health_check/2\" -> \"health_check\"");
}

TEST_CASE("topology: two that listen on one port", "[config][topology]") {
  const auto two = [](const std::string& one, const std::string& other) {
    const Loaded loaded = load_text(kGood, {},
                                    {"receivers.otlp.protocols.grpc=" + one, "receivers.otlp/2.protocols.grpc=" + other,
                                     "service.pipelines.traces.receivers=[otlp, otlp/2]"});
    return loaded.diagnostics().errors();
  };
  CHECK(two("{endpoint: '0.0.0.0:1'}", "{endpoint: 'localhost:1'}") == 1);
  CHECK(two("{endpoint: '127.0.0.1:1'}", "{endpoint: 'localhost:1'}") == 1);
  CHECK(two("{endpoint: '10.0.0.1:1'}", "{endpoint: '10.0.0.2:1'}") == 0);
  CHECK(two("{endpoint: 'localhost:0'}", "{endpoint: 'localhost:0'}") == 0);
  CHECK(two("{endpoint: 'localhost:1'}", "{endpoint: 'localhost:1', transport: udp}") == 0);
  CHECK(two("{endpoint: '/a', transport: unix}", "{endpoint: '/a', transport: unix}") == 1);
  CHECK(two("{endpoint: '/a', transport: unix}", "{endpoint: '/b', transport: unix}") == 0);
  CHECK(said_of("receivers.otlp.protocols={grpc: {endpoint: 'a:1'}, http: {endpoint: 'a:1'}}")
            .find("port 1 is taken twice by this component; choose another port [config.port]") != std::string::npos);
  // The collector's own metrics listen, too.
  const std::string own = said(kGood, {}, {"receivers.otlp.protocols.grpc.endpoint=0.0.0.0:8888"});
  CHECK(own.find("port 8888 is taken by another component of this configuration; choose another port") !=
        std::string::npos);
  CHECK(own.find("service::telemetry::metrics::readers[0] (default) listens on localhost:8888") != std::string::npos);
  CHECK(said_of("receivers.otlp/2={protocols: {grpc: }}").find("config.port") == std::string::npos);  // not used
}

TEST_CASE("topology: files that settings name are looked at", "[config][topology]") {
  FakeEnvironment environment;
  environment.files["there.pem"] = "x";
  environment.variables["F"] = "/secret/name";
  const std::string tls = "receivers.otlp.protocols.grpc.tls=";
  CHECK(said_of(tls + "{cert_file: there.pem, key_file: gone.pem}", environment) ==
        "warning: receivers::otlp::protocols::grpc::tls::key_file: gone.pem does not exist; it must be there when the "
        "collector starts [config.file]");
  CHECK(said_of(tls + "{cert_file: there.pem, key_file: '${F}'}", environment).find("the file does not exist") !=
        std::string::npos);
}

}  // namespace
}  // namespace sluice::config::testing
