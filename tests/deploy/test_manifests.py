"""The documented manifests: well-formed, valid, and they fit each other and the program."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from botanu_cli.app import app
from typer.main import get_command
from yamllint import linter
from yamllint.config import YamlLintConfig

from tests.conftest import REPOSITORY

DEPLOY = REPOSITORY / "docs" / "integration" / "deploy"
FILES = sorted(DEPLOY.glob("*.yaml"))
STYLE = YamlLintConfig("{extends: default, rules: {document-start: disable, line-length: {max: 145}}}")
OBJECTS: list[dict[str, Any]] = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text("utf-8")))
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))


def named(objects: dict[str, Any]) -> str:
    return f"{objects['kind']} {objects['metadata']['name']}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_clean_yaml(path: Path) -> None:
    """The linter has nothing to say: no key twice, no wrong indentation, no trailing blanks."""
    assert [str(problem) for problem in linter.run(path.read_text("utf-8"), STYLE)] == []


@pytest.mark.parametrize("version", ["1.30", "1.37"])
@pytest.mark.parametrize("manifest", OBJECTS, ids=named)
def test_a_manifest_is_what_kubernetes_takes(manifest: dict[str, Any], version: str) -> None:
    """Each object has the fields of its kind and no others, in an older and the newest version."""
    kubernetes_validate.validate(manifest, version, strict=True)


def test_pods_run_without_rights_and_find_what_they_mount() -> None:
    """No pod is root or may become it, each has a memory limit and both probes, and every mount has its volume."""
    sets = [found for found in OBJECTS if found["kind"] == "StatefulSet"]
    assert len(sets) == 2
    for found in sets:
        pod = found["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"]
        volumes = {volume["name"] for volume in pod["volumes"]}
        volumes |= {claim["metadata"]["name"] for claim in found["spec"]["volumeClaimTemplates"]}
        for container in pod["containers"]:
            rights = container["securityContext"]
            assert rights["readOnlyRootFilesystem"]
            assert not rights["allowPrivilegeEscalation"]
            assert rights["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]
            assert container["readinessProbe"]
            assert container["livenessProbe"]
            assert {mount["name"] for mount in container["volumeMounts"]} == volumes


def test_kustomize_names_files_that_are_there() -> None:
    """The configuration map is made of the very file that the documentation shows."""
    kustomization = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text("utf-8"))
    assert kustomization["resources"] == ["kubernetes.yaml"]
    (made,) = kustomization["configMapGenerator"]
    mounted = [
        volume["configMap"]["name"]
        for found in OBJECTS
        if found["kind"] == "StatefulSet"
        for volume in found["spec"]["template"]["spec"]["volumes"]
        if "configMap" in volume
    ]
    assert mounted == [made["name"]]
    assert all((DEPLOY / name).is_file() for name in made["files"])


def test_compose_is_what_docker_takes() -> None:
    """Services, secrets and volumes have the settings of the Compose specification, and every name leads somewhere."""
    schema = json.loads((Path(__file__).parent / "compose.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(COMPOSE)
    for service in COMPOSE["services"].values():
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        assert set(service.get("depends_on", {})) <= set(COMPOSE["services"])
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in COMPOSE["volumes"] or (DEPLOY / source).is_file()


def test_only_this_machine_reaches_what_compose_publishes() -> None:
    """Ports are published on loopback: the collector asks nobody for a token."""
    published = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_both_ways_run_the_same_collector_and_configure_the_addresses_that_exist() -> None:
    """One version of the collector everywhere, which talks to services that both ways have."""
    image = COMPOSE["services"]["collector"]["image"]
    (pod,) = [
        found["spec"]["template"]["spec"]["containers"][0]
        for found in OBJECTS
        if found["kind"] == "StatefulSet" and found["metadata"]["name"] == "collector"
    ]
    assert pod["image"] == image
    config = (DEPLOY / "collector.yaml").read_text("utf-8")
    hosts = set(re.findall(r"endpoint: \w+://([\w.]+):", config))
    assert hosts <= set(COMPOSE["services"])
    assert set(re.findall(r"/run/secrets/([\w-]+)", config)) == set(COMPOSE["secrets"])


def test_the_image_starts_a_command_that_exists() -> None:
    """What the Dockerfile runs parses as a command line of botanu."""
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    (words,) = re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)
    name, *arguments = json.loads(words)
    command = get_command(app).get_command(None, name)  # type: ignore[attr-defined]
    given = command.make_context(name, arguments).params
    assert (given["host"], str(given["token_file"])) == ("0.0.0.0", "/run/secrets/botanu-token")
