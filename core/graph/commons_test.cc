// SPDX-License-Identifier: Apache-2.0
#include "core/graph/commons.h"

#include <catch2/catch.hpp>

namespace sluice::graph {
namespace {

int made = 0, ended = 0;
int object;

void* make() {
  ++made;
  return &object;
}
void* make_nothing() {
  return nullptr;
}
void end(void* ended_object) {
  REQUIRE(ended_object == &object);
  ++ended;
}

}  // namespace

TEST_CASE("commons: one object for all who take it, ended with the last", "[graph][commons]") {
  made = ended = 0;
  Commons commons;
  CHECK(commons.take("a", &make, &end) == &object);
  CHECK(commons.take("a", &make, &end) == &object);
  CHECK(made == 1);
  commons.put("a");
  CHECK(ended == 0);
  commons.put("a");
  CHECK(ended == 1);

  CHECK(commons.take("a", &make, &end) == &object);
  CHECK(made == 2);
  commons.put("a");
  CHECK(ended == 2);
}

TEST_CASE("commons: names are apart", "[graph][commons]") {
  made = ended = 0;
  Commons commons;
  commons.take("a", &make, &end);
  commons.take("b", &make, &end);
  CHECK(made == 2);
  commons.put("b");
  CHECK(ended == 1);
  commons.put("a");
  CHECK(ended == 2);
}

TEST_CASE("commons: what could not be made is not there, and what nobody took is not put back", "[graph][commons]") {
  made = ended = 0;
  Commons commons;
  CHECK(commons.take("a", &make_nothing, &end) == nullptr);
  commons.put("a");
  CHECK(ended == 0);
  CHECK(commons.take("a", &make, &end) == &object);
  commons.put("a");
  commons.put("a");
  CHECK(ended == 1);
}

}  // namespace sluice::graph
