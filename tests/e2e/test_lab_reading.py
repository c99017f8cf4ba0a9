# SPDX-License-Identifier: Apache-2.0
"""Expressions and rules are read whole out of a text, whatever stands around them."""
import pytest
from harness import seed

TEXT = """\
Queries

# The rate
rate(app_a[5m])

# Several lines, one expression; then two of one line
histogram_quantile(0.99,
  sum(rate(app_b_bucket[5m])) by (le)
)
app_c{x="1"}
  /
app_c
* 100
sum(app_d)
sum(other)

groups:
  - name: rules
    rules:
      # a comment within
      - record: r
        expr: sum(app_e)

      - alert: A
        expr: |
          (app_f
           > 1)
        for: 5m

- alert: Loose
  expr: app_g > 0
Prose that goes on.
  "targets": [{"expr":"app_h{s=~\\"5..\\"}","legendFormat":"x"}],
curl -s 'http://localhost:9090/api/v1/query?query=rate(app_i%7Ba%3D%22b%22%7D%5B5m%5D)'
"""


def test_every_form_of_an_expression_is_found_whole():
    assert [" ".join(expression.split()) for expression in seed.expressions(TEXT, "app_")] == [
        "rate(app_a[5m])", "histogram_quantile(0.99, sum(rate(app_b_bucket[5m])) by (le) )", 'app_c{x="1"} / app_c * 100', "sum(app_d)",
        "sum(app_e)", "(app_f > 1)", "app_g > 0", 'app_h{s=~"5.."}', 'rate(app_i{a="b"}[5m])']


def test_rules_are_found_with_their_groups_and_loose_ones_get_one():
    first, loose = seed.rule_files(TEXT)
    assert first.startswith("groups:\n  - name: rules\n") and first.count("expr:") == 2 and "Loose" not in first
    assert loose == "groups:\n  - name: loose\n    rules:\n    - alert: Loose\n      expr: app_g > 0\n"


@pytest.mark.parametrize("text", ["", "no code at all\n"])
def test_text_without_code_has_none(text):
    assert seed.expressions(text, "app_") == [] and seed.rule_files(text) == []
