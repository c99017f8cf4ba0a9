// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/attributes/action_config.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "plugins/formats/attributes/actions.h"
#include "plugins/formats/attributes/match_config.h"
#include "plugins/testing/config.h"

namespace sluice::formats {
namespace {

using Said = std::vector<std::string>;
using testing::config;

Said said(const std::string& action) {
  return config<ActionConfig>(action).said;
}

TEST_CASE("action settings: declared soundly", "[formats][attributes]") {
  CHECK(testing::declaration_mistakes<ActionConfig>() == Said{});
  CHECK(testing::declaration_mistakes<MatchConfig>() == Said{});
}

TEST_CASE("action settings: what each action needs and does not take", "[formats][attributes]") {
  CHECK(said("{action: insert, key: k, value: 0}") == Said{});
  CHECK(said("{action: UPSERT, key: k, value: ''}") == Said{});
  CHECK(said("{key: k}") == Said{"the key \"action\" is missing [config.missing]"});
  CHECK(said("{action: upset, key: k}").at(0).find("did you mean \"upsert\"?") != std::string::npos);
  CHECK(said("{action: insert, value: 1}") == Said{"with action \"insert\", \"key\" is missing [config.rule]"});
  CHECK(said("{action: update, key: k}") ==
        Said{"with action \"update\", at least one of \"value\", \"from_attribute\", \"from_context\" and "
             "\"default_value\" is needed [config.rule]"});
  CHECK(said("{action: upsert, key: k, value: 1, from_attribute: a}") ==
        Said{"from_attribute: with action \"upsert\", only one of \"value\", \"from_attribute\" and \"from_context\" "
             "is accepted; remove the others [config.rule]"});
  CHECK(said("{action: insert, key: k, value: 1, pattern: x}") ==
        Said{"pattern: with action \"insert\", \"pattern\" is not accepted; remove it [config.rule]"});
  CHECK(said("{action: delete}") ==
        Said{"with action \"delete\", at least one of \"key\" and \"pattern\" is needed [config.rule]"});
  CHECK(said("{action: hash, pattern: x, value: 1}") ==
        Said{"value: with action \"hash\", \"value\" is not accepted; remove it [config.rule]"});
  CHECK(said("{action: extract, key: k}") == Said{"with action \"extract\", \"pattern\" is missing [config.rule]"});
  CHECK(said("{action: convert, key: k}") ==
        Said{"with action \"convert\", \"converted_type\" is missing [config.rule]"});
  CHECK(said("{action: convert, key: k, converted_type: bool}")
            .at(0)
            .find("\"bool\" is not one of \"int\", \"double\" and \"string\"") != std::string::npos);
}

TEST_CASE("action settings: patterns and values are checked at their place", "[formats][attributes]") {
  CHECK(said("{action: delete, pattern: '('}") ==
        Said{"pattern: this is no regular expression: missing ): (; RE2's syntax is accepted [config.check]"});
  CHECK(
      said("{action: extract, key: k, pattern: 'a(b)(?P<c>d)'}").at(0).find("each group of the pattern needs a name") !=
      std::string::npos);
  CHECK(said("{action: extract, key: k, pattern: abc}") ==
        Said{"pattern: the pattern has no group to take an attribute from: write (?P<name>...) [config.check]"});
  std::string deep = "1";
  for (int i = 0; i < 30; ++i) deep = "[" + deep + "]";
  CHECK(said("{action: insert, key: k, value: " + deep + "}") == Said{});
  CHECK(said("{action: insert, key: k, value: [" + deep + "]}") ==
        Said{"value: lists and maps may nest 31 levels deep at most [config.check]"});
}

TEST_CASE("action settings: so many patterns of keys", "[formats][attributes]") {
  ActionConfig action;
  action.action = ActionType::erase;
  action.pattern = "x";
  CHECK(actions_problem(std::vector<ActionConfig>(64, action)) == "");
  CHECK(actions_problem(std::vector<ActionConfig>(65, action)) ==
        "at most 64 actions may have a pattern of keys, here are 65: join patterns by |");
}

TEST_CASE("match settings: mistakes are named", "[formats][attributes]") {
  const auto match = [](const std::string& yaml) { return config<MatchConfig>(yaml).said; };
  CHECK(match("{match_type: strict, services: [a], libraries: [{name: l, version: ''}]}") == Said{});
  CHECK(match("{services: [a]}") == Said{"the key \"match_type\" is missing [config.missing]"});
  CHECK(match("{match_type: strict}").at(0).find("at least one of \"services\"") == 0);
  CHECK(match("{match_type: regexp, span_names: ['a(']}") ==
        Said{"span_names: \"a(\": this is no regular expression: missing ): a(; RE2's syntax is accepted "
             "[config.check]"});
  CHECK(match("{match_type: regexp, attributes: [{key: k, value: 5}]}") ==
        Said{"attributes: with match_type \"regexp\", the value of \"k\" has to be a pattern: put it in quotes "
             "[config.check]"});
  CHECK(match("{match_type: strict, attributes: [{key: k, value: 5}]}") == Said{});
  CHECK(match("{match_type: strict, span_kinds: [SERVER]}").at(0).find("span_kinds: \"SERVER\" is no kind of span") ==
        0);
  CHECK(match("{match_type: strict, libraries: [{name: l, version: 1.5}]}") ==
        Said{"version: a version is a text: put it in quotes [config.check]"});
  CHECK(match("{match_type: strict, log_severity_number: {min: 25}}").at(0).find("out of range") != std::string::npos);
  CHECK(match("{match_type: regexp, services: [a], regexp: {cacheenabled: true, cachemaxnumentries: 10}}") == Said{});
}

TEST_CASE("match settings: keys that say nothing about a signal", "[formats][attributes]") {
  MatchConfig match;
  match.services = {"a"};
  for (const sluice_signal signal : {SLUICE_TRACES, SLUICE_METRICS, SLUICE_LOGS})
    CHECK(key_for_other_signals(match, signal) == nullptr);
  match.span_kinds = {"SPAN_KIND_SERVER"};
  CHECK(key_for_other_signals(match, SLUICE_TRACES) == nullptr);
  CHECK(key_for_other_signals(match, SLUICE_LOGS) == std::string("span_kinds"));
  match.log_severity_number.emplace();
  CHECK(key_for_other_signals(match, SLUICE_TRACES) == std::string("log_severity_number"));
  match.span_kinds.clear();
  match.metric_names = {"m"};
  CHECK(key_for_other_signals(match, SLUICE_LOGS) == std::string("metric_names"));
}

}  // namespace
}  // namespace sluice::formats
