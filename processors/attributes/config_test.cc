// SPDX-License-Identifier: Apache-2.0
#include "processors/attributes/config.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "plugins/testing/config.h"

namespace sluice::testing {
namespace {

using formats::ActionType;
using processors::AttributesConfig;
using Said = std::vector<std::string>;

TEST_CASE("attributes settings: declared soundly", "[processor][attributes]") {
  CHECK(declaration_mistakes<AttributesConfig>() == Said{});
}

TEST_CASE("attributes settings: a file with every key is read", "[processor][attributes]") {
  const auto read = config<AttributesConfig>(R"(
actions:
  - {key: env, action: insert, value: prod}
  - {key: code, action: UPDATE, value: 7}
  - {key: tenant, action: upsert, from_context: metadata.x-tenant, default_value: nobody}
  - {key: copy, action: upsert, from_attribute: env}
  - {key: password, pattern: ^secret, action: delete}
  - {pattern: email, action: hash}
  - {key: url, action: extract, pattern: '(?P<scheme>[a-z]+)://(?P<host>[^/]+)'}
  - {key: code, action: convert, converted_type: string}
include:
  match_type: regexp
  regexp: {cacheenabled: true, cachemaxnumentries: 1000}
  services: [^shop]
  resources: [{key: host.name, value: web.*}]
  libraries: [{name: lib, version: ^1}]
  attributes: [{key: env}]
exclude:
  match_type: strict
  span_names: [/health]
  span_kinds: [SPAN_KIND_INTERNAL]
)");
  CHECK(read.said == Said{});
  REQUIRE(read.settings.actions.size() == 8);
  CHECK(read.settings.actions[1].action == ActionType::update);
  CHECK(read.settings.actions[1].value.integer == 7);
  CHECK(read.settings.actions[2].default_value.string == "nobody");
  CHECK(read.settings.actions[4].pattern == "^secret");
  CHECK(read.settings.actions[7].converted_type == formats::ConvertedType::string);
  REQUIRE(read.settings.include);
  CHECK(read.settings.include->match_type == formats::MatchType::regexp);
  CHECK(read.settings.include->libraries.at(0).version.string == "^1");
  CHECK(read.settings.include->attributes.at(0).value.kind == SLUICE_NULL);
  REQUIRE(read.settings.exclude);
  CHECK(read.settings.exclude->span_names == std::vector<std::string>{"/health"});
}

TEST_CASE("attributes settings: mistakes are named with their place", "[processor][attributes]") {
  CHECK(config<AttributesConfig>("").said == Said{"the key \"actions\" is missing [config.missing]"});
  CHECK(config<AttributesConfig>("actions: []").said.size() == 1);
  CHECK(config<AttributesConfig>("actions: [{key: a, action: insert, value: 1}, {key: b, action: insert}]").said ==
        Said{"actions[1]: with action \"insert\", at least one of \"value\", \"from_attribute\", \"from_context\" and "
             "\"default_value\" is needed [config.rule]"});
  CHECK(config<AttributesConfig>("{actions: [{key: a, action: delete}], include: {match_type: strict}}")
            .said.at(0)
            .find("include: at least one of") == 0);
  CHECK(config<AttributesConfig>("{actions: [{key: a, action: delete}], include: }").said == Said{});
}

}  // namespace
}  // namespace sluice::testing
