"""docs/integration/ci.md does what it says: its files make a project, and the steps of its jobs run in that as shell."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests.conftest import REPOSITORY, only_what_it_names

PAGE = (REPOSITORY / "docs" / "integration" / "ci.md").read_text("utf-8")
_FILE = re.compile(r"^`([\w.]+)` [^\n]*\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)


class Vendor(BaseHTTPRequestHandler):
    """Answers like OpenAI, with as many tokens as its server is told."""

    def do_POST(self) -> None:
        """Any question gets the same answer."""
        self.rfile.read(int(self.headers["content-length"]))
        body = json.dumps(self._answer()).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self) -> dict[str, Any]:
        message = {"role": "assistant", "content": "A refund is on its way."}
        tokens: int = self.server.tokens  # type: ignore[attr-defined]
        return {
            "id": "chat-1",
            "object": "chat.completion",
            "created": 1,
            "model": "gpt-4o-2024-08-06",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": tokens, "completion_tokens": 100, "total_tokens": tokens + 100},
        }

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - so the base class names it
        """Stay silent."""


@dataclass
class Project:
    """A checkout on a machine of CI, with a vendor that answers it."""

    folder: Path
    vendor: ThreadingHTTPServer
    secrets: dict[str, str] = field(default_factory=lambda: {"OPENAI_API_KEY": "not-a-real-key"})

    @property
    def summary(self) -> Path:
        """What the job's page shows."""
        return self.folder.parent / "summary.md"

    def costs(self, tokens: int) -> None:
        """Let each answer take this many input tokens: 1,000 of gpt-4o cost $0.0025, and the 100 of output $0.0010."""
        self.vendor.tokens = tokens  # type: ignore[attr-defined]

    def step(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run one step as GitHub's runner does, `bash -e FILE`; pip finds nothing but what is here already."""
        file = self.folder.parent / "step.sh"
        file.write_text(script, "utf-8")
        here = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder.parent),
            "CI": "true",
            "PIP_NO_INDEX": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "OPENAI_BASE_URL": f"http://127.0.0.1:{self.vendor.server_address[1]}/v1",
        }
        return subprocess.run(
            ["bash", "-e", str(file)],
            cwd=self.folder,
            env=here | only_what_it_names(PAGE) | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def github(self) -> list[subprocess.CompletedProcess[str]]:
        """Run the workflow's steps: after one that failed, only those that say `!cancelled()`."""
        (workflow,) = (yaml.safe_load(text) for text in blocks("yaml") if "runs-on" in text)
        (job,) = workflow["jobs"].values()
        environment = {name: self._filled(value) for name, value in job["env"].items()}
        environment |= {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(self.summary)}
        done: list[subprocess.CompletedProcess[str]] = []
        for step in job["steps"]:
            failed = any(earlier.returncode for earlier in done)
            if "run" in step and (not failed or step.get("if") == "${{ !cancelled() }}"):
                done.append(self.step(step["run"], **environment))
        return done

    def gitlab(self) -> list[subprocess.CompletedProcess[str]]:
        """Run the lines of GitLab's job, up to the first that fails."""
        (jobs,) = (yaml.safe_load(text) for text in blocks("yaml") if "script:" in text)
        (job,) = jobs.values()
        done: list[subprocess.CompletedProcess[str]] = []
        for line in job["script"]:
            done.append(self.step(line, GITLAB_CI="true", **self.secrets))
            if done[-1].returncode:
                break
        return done

    def _filled(self, value: str) -> str:
        return re.sub(r"\$\{\{ secrets\.(\w+) \}\}", lambda found: self.secrets[found[1]], value)


def blocks(language: str) -> list[str]:
    """The page's blocks in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A folder with the files that the page shows and nothing else, and a vendor."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name, text in _FILE.findall(PAGE):
        (folder / name).write_text(text, "utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), Vendor) as server:
        made = Project(folder, server)
        made.costs(1000)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield made
        server.shutdown()
        thread.join()


def said(done: list[subprocess.CompletedProcess[str]]) -> str:
    return "\n".join(step.stdout + step.stderr for step in done)


def test_the_project_has_nothing_but_a_test_suite(project: Project) -> None:
    """The page's project is a test, its requirements and its budgets."""
    assert sorted(path.name for path in project.folder.iterdir()) == [
        "botanu.toml",
        "requirements.txt",
        "test_agent.py",
    ]


@pytest.mark.slow
def test_the_github_workflow_passes_a_build_within_its_budgets(project: Project) -> None:
    """Every step ends with 0, pip knows every package and extra it is asked for, and the summary shows the budget."""
    done = project.github()

    assert [step.returncode for step in done] == [0, 0, 0], said(done)
    assert "WARNING" not in said(done[:1])
    assert "1 passed" in done[1].stdout
    assert "$0.0035" in done[1].stdout
    assert "::error" not in done[2].stdout
    assert "support ticket" in project.summary.read_text("utf-8")


@pytest.mark.slow
def test_the_github_workflow_fails_a_build_that_costs_too_much(project: Project) -> None:
    """The tests pass, the budget does not; the step after it still annotates and writes the summary."""
    project.costs(100_000)
    done = project.github()

    assert [step.returncode for step in done] == [0, 1, 1], said(done)
    assert "1 passed" in done[1].stdout
    assert "::error title=Budget support ticket::" in done[2].stdout
    assert "botanu runs show" in said(done[1:])
    assert "$0.25" in project.summary.read_text("utf-8")


@pytest.mark.slow
def test_the_gitlab_job_leaves_a_report(project: Project) -> None:
    """The job's lines run, and the report that it keeps says what broke."""
    project.costs(100_000)
    done = project.gitlab()

    assert [line.returncode for line in done] == [0, 1], said(done)
    assert ET.parse(project.folder / "budgets.xml").getroot().get("failures") == "1"


@pytest.mark.slow
def test_a_branch_is_compared_with_main(project: Project) -> None:
    """The page's two commands: main saves what it measured, a dearer branch breaks `max_increase` once there are runs enough."""
    (commands,) = (text for text in blocks("sh") if "--save-baseline" in text)
    save, compare = commands.splitlines()
    run = "pytest -q --botanu-budget botanu.toml --botanu-store ci.duckdb"
    many = project.folder / "test_agent.py"
    many.write_text(
        many.read_text("utf-8")
        + "\n\nfor number in range(19):\n    globals()[f'test_{number}'] = test_a_refund_is_explained\n"
    )

    on_main = [project.step(run, **project.secrets), project.step(save)]
    (project.folder / "ci.duckdb").unlink()
    same = [project.step(run, **project.secrets), project.step(compare)]
    (project.folder / "ci.duckdb").unlink()
    project.costs(2000)
    dearer = [project.step(run, **project.secrets), project.step(compare)]

    assert [step.returncode for step in on_main + same + dearer] == [0, 0, 0, 0, 0, 1], said(on_main + same + dearer)
    assert "no surprise" in dearer[1].stdout
    assert "increase of mean cost per run is 71.4%" in dearer[1].stdout  # from $0.0035 to $0.0060
