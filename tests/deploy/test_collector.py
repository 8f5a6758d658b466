"""The documented configuration of the OpenTelemetry Collector: valid, whole, and it loses neither cost nor privacy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from botanu_store import open_store
from botanu_store.dialects import CANDIDATE_KEYS, CANDIDATE_SCOPES
from botanu_store.otlp import content
from botanu_store.receiver.limits import Limits

from botanu import attributes
from tests.conftest import REPOSITORY

DEPLOY = REPOSITORY / "docs" / "integration" / "deploy"
BASE: dict[str, Any] = yaml.safe_load((DEPLOY / "collector.yaml").read_text("utf-8"))
SAMPLING: dict[str, Any] = yaml.safe_load((DEPLOY / "sampling.yaml").read_text("utf-8"))


def merged(base: Any, over: Any) -> Any:
    """Put one configuration over another as the collector does: maps are merged, all else is replaced."""
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    return {**base, **{name: merged(base.get(name), value) for name, value in over.items()}}


CONFIGURATIONS = {"collector.yaml": BASE, "with sampling.yaml": merged(BASE, SAMPLING)}


def holds(whole: Any, part: Any) -> bool:
    """Say whether a configuration has everything that an excerpt of it shows."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and holds(whole[name], value) for name, value in part.items())
    return bool(part == whole)


def test_the_page_shows_what_the_files_hold() -> None:
    """Every excerpt in the documentation is a part of one of the configurations."""
    page = (DEPLOY.parent / "collector.md").read_text("utf-8")
    shown = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)]
    assert len(shown) >= 3
    assert [part for part in shown if not any(holds(whole, part) for whole in CONFIGURATIONS.values())] == []


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_setting_is_one_that_the_collector_has(name: str) -> None:
    """Components, their settings and the kinds of their values are those of the published schema."""
    schema = json.loads((Path(__file__).parent / "collector.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(CONFIGURATIONS[name])


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_component_is_there_and_used(name: str) -> None:
    """Pipelines name components that are configured, and nothing is configured for nothing."""
    config = CONFIGURATIONS[name]
    pipelines = config["service"]["pipelines"].values()
    for kind in ("receivers", "processors", "exporters"):
        assert {part for pipeline in pipelines for part in pipeline[kind]} == set(config[kind])
    named = [exporter["sending_queue"]["storage"] for exporter in config["exporters"].values()]
    named += [config["exporters"]["otlp_http/botanu"]["auth"]["authenticator"], "health_check"]
    assert set(config["service"]["extensions"]) == set(config["extensions"]) == set(named)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_flood_is_refused_first_and_what_is_taken_is_kept_until_somebody_has_it(name: str) -> None:
    """Memory is limited before anything else; queues are on disk, and nothing in them is ever given up."""
    config = CONFIGURATIONS[name]
    for pipeline in config["service"]["pipelines"].values():
        assert pipeline["processors"][0] == "memory_limiter"
        assert pipeline["processors"][-1] == "transform/less_content"
    for exporter in config["exporters"].values():
        assert exporter["retry_on_failure"]["max_elapsed_time"] == "0s"
        assert exporter["sending_queue"]["storage"] == "file_storage"
        assert exporter["sending_queue"]["block_on_overflow"]


def test_requests_to_botanu_fit_its_receiver() -> None:
    """A request stays below the receiver's limit, and an idle connection is closed by the collector first."""
    exporter, limits = BASE["exporters"]["otlp_http/botanu"], Limits()
    batch = exporter["sending_queue"]["batch"]
    assert batch["sizer"] == "bytes"
    assert batch["max_size"] <= limits.body_bytes / 2
    assert float(exporter["keepalive"]["idle_conn_timeout"].removesuffix("s")) < limits.header_seconds


def _deletions() -> Iterator[tuple[str, re.Pattern[str], str]]:
    """Yield the kind of thing, the pattern of the keys deleted from it, and the name of the spans that it is for."""
    processor = BASE["processors"]["transform/less_content"]
    for group in processor["trace_statements"] + processor["log_statements"]:
        for statement in group["statements"]:
            found = re.fullmatch(r'delete_matching_keys\(attributes, "(.*)"\)(?: where name == "(\w+)")?', statement)
            if found:
                # `$$` is how the collector writes a `$`; RE2 reads these patterns as Python does.
                yield group["context"], re.compile(found.group(1).replace("$$", "$")), found.group(2) or ""


def deleted(key: str, context: str = "span", name: str = "") -> bool:
    """Say whether the configuration deletes an attribute of this name."""
    return any(pattern.search(key) and where in ("", name) for kind, pattern, where in _deletions() if kind == context)


PROMPTS_AND_USAGE = ("request_data", "response_data", "genkit:output", "mlflow.spanInputs")
"""Whole requests and answers, of which botanu keeps model and usage; the collector can only pass them on or not."""

KEYS = [
    *content.CONTENT_KEYS,
    *content.CONTENT_PREFIXES,
    *PROMPTS_AND_USAGE,
    *(f"{prefix}0.more" for prefix in content.CONTENT_PREFIXES),
    *(f"llm.openai.{field}" for field in content.CONTENT_FIELDS),
    *CANDIDATE_KEYS,
    *(value for name, value in vars(attributes).items() if name.isupper()),
    *(
        "llm.token_count.prompt",
        "llm.token_count.completion",
        "llm.usage.total_tokens",
        "llm.cost.prompt",
        "llm.openai.usage",
    ),
]


@pytest.mark.parametrize("context", ["span", "spanevent", "log"])
def test_what_botanu_removes_the_collector_removes_and_nothing_else(context: str) -> None:
    """The lists of content are botanu's own: prompts do not reach ClickHouse either, and every number that cost needs does, but for Logfire's of old, MLflow's and Genkit's."""
    for key in KEYS:
        if key.startswith("llm.openai."):
            continue
        assert deleted(key, context) == (content.is_content(key) or key in PROMPTS_AND_USAGE), key
    if context == "span":
        for field in (*content.CONTENT_FIELDS, "usage", "model"):
            key = f"llm.openai.{field}"
            assert deleted(key, name="raw_gen_ai_request") == content.is_content(key), key


def test_content_of_the_samples_is_removed_as_botanu_removes_it(samples: Path) -> None:
    """The same holds of every key in the sample traces."""
    keys = {
        key for path in samples.glob("*.jsonl") for key in re.findall(r'"key":\s*"([^"]+)"', path.read_text("utf-8"))
    }
    assert len(keys) > 50
    assert {key for key in keys if deleted(key)} - {*PROMPTS_AND_USAGE} == {
        key for key in keys if content.is_content(key)
    }


def _asked(condition: str, comparison: str) -> tuple[set[str], set[str]]:
    """Return the attributes and the beginnings of scopes that a condition asks for."""
    keys = re.findall(rf'attributes\["([^"]+)"\] {comparison} nil', condition)
    scopes = re.findall(r'IsMatch\(instrumentation_scope\.name, "\^([^"]+)"\)', condition)
    assert len(keys) + len(scopes) == len(re.split(r" (?:and|or) ", condition)), "it asks for something else, too"
    return set(keys), {scope.replace("[.]", ".") for scope in scopes}


EVERYTHING_BILLABLE = ({*CANDIDATE_KEYS, attributes.RUN_ID}, set(CANDIDATE_SCOPES))


def test_no_span_that_may_cost_something_is_sampled_away() -> None:
    """Past the sampler goes every span that some dialect might read and every span of a run; so late spans and full tables lose none."""
    (group,) = SAMPLING["processors"]["filter/costs"]["trace_conditions"]
    (condition,) = group["conditions"]
    assert " or " not in condition
    assert _asked(condition, "==") == EVERYTHING_BILLABLE
    billable = CONFIGURATIONS["with sampling.yaml"]["service"]["pipelines"]["traces"]
    assert billable["processors"] == ["memory_limiter", "filter/costs", "transform/less_content"]
    assert set(billable["exporters"]) == set(BASE["exporters"])


def test_whole_traces_are_kept_around_what_costs() -> None:
    """The sampler keeps the traces of such spans whole, so that a call finds the run above it."""
    policies = {policy["name"]: policy for policy in SAMPLING["processors"]["tail_sampling"]["policies"]}
    (condition,) = policies["around-costs"]["ottl_condition"]["span"]
    assert " and " not in condition
    assert _asked(condition, "!=") == EVERYTHING_BILLABLE
    assert "non_sampled_cache_size" not in SAMPLING["processors"]["tail_sampling"]["decision_cache"]


def test_every_call_of_the_samples_passes_the_filter(samples: Path, tmp_path: Path) -> None:
    """Of the sample traces no call is dropped, whichever instrumentation made it."""
    keys, scopes = EVERYTHING_BILLABLE
    with open_store(tmp_path / "s.duckdb") as store:
        store.ingest([samples])
        rows = store.query(
            "select map_keys(s.attributes) as keys, s.scope from spans s semi join calls using (trace_id, span_id)"
        )
    assert len(rows) > 50
    assert [row for row in rows if not keys & set(row["keys"]) and not row["scope"].startswith(tuple(scopes))] == []
