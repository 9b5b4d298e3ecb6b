"""The dashboard, the alert rules and the page about them name figures that exist, and leave none out."""

import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from bot.domain.wellness import ProblemKind
from bot.listener.metrics import STATES, CountedMeasures, exposition
from tests.support.assembly import Assembly
from tests.support.clock import Clock

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "metrics.md").read_text()
ALERTS = DOCS / "grafana" / "alerts.yaml"
DASHBOARD = json.loads((DOCS / "grafana" / "midwatch.json").read_text())
PROMTOOL = shutil.which("promtool")
WITHOUT = "promtool is not installed, so the rules are not checked (Debian: apt-get install prometheus)"
ENDINGS = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}
RULE_TESTS = """
rule_files: [{alerts}]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {{series: 'midwatch_well{{instance="a"}}', values: '1x10 0x30'}}
      - {{series: 'midwatch_accounts{{instance="a", provider="p", state="flagged"}}', values: '0x10 2x90'}}
      - {{series: 'midwatch_queue_length{{instance="a"}}', values: '0 3 0x60'}}
      - {{series: 'up{{instance="a", job="midwatch"}}', values: '1x99'}}
    alert_rule_test:
      - {{alertname: MidwatchNotWell, eval_time: 15m, exp_alerts: []}}
      - alertname: MidwatchNotWell
        eval_time: 25m
        exp_alerts:
          - exp_labels: {{severity: critical, instance: a}}
            exp_annotations:
              summary: Midwatch cannot do its work
              description: It cannot see, remember or tell. Its /healthz says which, and why.
      - {{alertname: MidwatchAccountsFlagged, eval_time: 60m, exp_alerts: []}}
      - alertname: MidwatchAccountsFlagged
        eval_time: 80m
        exp_alerts:
          - exp_labels: {{severity: warning, instance: a, provider: p}}
            exp_annotations:
              summary: Accounts at p have needed somebody for an hour
              description: 2 are flagged. Discord has the messages with what to do.
      - {{alertname: MidwatchMessagesWait, eval_time: 30m, exp_alerts: []}}
      - {{alertname: MidwatchDown, eval_time: 90m, exp_alerts: []}}
"""


@pytest.fixture
async def exported(database: Path) -> AsyncIterator[set[str]]:
    """The names of all series that Prometheus gets."""
    async with Assembly(database, Clock()) as watch:
        measures = CountedMeasures()
        exposition(measures, watch.make_loops())
        families = list(measures.registry.collect())
        yield {f"{each.name}{end}" for each in families for end in ENDINGS.get(each.type, [""])}


def expressions() -> Iterator[str]:
    """Yield the queries of the dashboard and of the rules."""
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from re.findall(r"^ *expr: (.*)$", ALERTS.read_text(), re.MULTILINE)


def named(text: str) -> set[str]:
    """Return the figures that a text names."""
    return set(re.findall(r"\b(?:midwatch|process)_[a-z_]+", text))


def test_every_figure_of_a_query_exists(exported: set[str]) -> None:
    queries = list(expressions())
    assert len(queries) > 20
    assert named("\n".join(queries)) <= exported


def test_the_page_names_every_figure_and_no_other(exported: set[str]) -> None:
    rows = "\n".join(re.findall(r"^\| `(?:midwatch|process)_.*$", PAGE, re.MULTILINE))
    histograms = {name.removesuffix("_bucket") for name in exported if name.endswith("_bucket")}
    parts = {f"{name}{end}" for name in histograms for end in ENDINGS["histogram"]}
    assert named(rows) - {"process_"} == exported - parts | histograms


def test_the_page_names_every_state_and_problem() -> None:
    rows = {line.split("`")[1]: line for line in PAGE.splitlines() if line.startswith("| `midwatch_")}
    assert [each for each in STATES if f"`{each}`" not in rows["midwatch_accounts"]] == []
    problems = [each.name.lower() for each in ProblemKind]
    assert [each for each in problems if f"`{each}`" not in rows["midwatch_problem"]] == []


def test_every_alert_says_what_is_wrong() -> None:
    rules = ALERTS.read_text().split("- alert: ")[1:]
    assert len(rules) == 7
    for rule in rules:
        assert {"expr:", "severity:", "summary:", "description:"} <= set(rule.split())


def test_the_panels_of_the_dashboard_do_not_overlap_and_have_each_an_id() -> None:
    places: set[tuple[int, int]] = set()
    panels = cast("list[dict[str, Any]]", DASHBOARD["panels"])
    for panel in panels:
        at = panel["gridPos"]
        own = {(at["x"] + dx, at["y"] + dy) for dx in range(at["w"]) for dy in range(at["h"])}
        assert not own & places
        assert max(x for x, _ in own) < 24
        places |= own
    assert len({panel["id"] for panel in panels}) == len(panels)


def promtool(*words: str) -> str:
    """Run promtool, and return what it says. It must succeed."""
    assert PROMTOOL is not None
    ran = subprocess.run([PROMTOOL, *words], capture_output=True, text=True, check=False)  # noqa: S603 - paths of our own
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.skipif(PROMTOOL is None, reason=WITHOUT)
def test_promtool_understands_the_rules() -> None:
    assert "SUCCESS: 7 rules found" in promtool("check", "rules", str(ALERTS))


@pytest.mark.skipif(PROMTOOL is None, reason=WITHOUT)
def test_promtool_understands_every_query_of_the_dashboard(tmp_path: Path) -> None:
    queries = [each.replace("$__rate_interval", "5m").replace("$instance", ".*") for each in expressions()]
    rules = [{"record": f"query:{at}", "expr": each} for at, each in enumerate(queries)]
    file = tmp_path / "queries.yaml"
    file.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))
    assert f"SUCCESS: {len(queries)} rules found" in promtool("check", "rules", str(file))


@pytest.mark.skipif(PROMTOOL is None, reason=WITHOUT)
def test_the_alerts_come_when_they_should_and_not_before(tmp_path: Path) -> None:
    file = tmp_path / "tests.yaml"
    file.write_text(RULE_TESTS.format(alerts=ALERTS))
    assert "SUCCESS" in promtool("test", "rules", str(file))
