"""What the resource says of the process: the service, and where it runs as far as the environment tells."""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING

from opentelemetry.sdk.resources import Resource

from botanu.sdk.config import UNNAMED, said_of_resource

if TYPE_CHECKING:
    from botanu.sdk.config import BotanuConfig

_FROM_ENVIRONMENT = (
    # resource attribute, variables that say it, in order (the platforms' own documentation)
    ("faas.name", ("AWS_LAMBDA_FUNCTION_NAME", "K_SERVICE", "FUNCTION_NAME", "WEBSITE_SITE_NAME")),
    ("faas.version", ("AWS_LAMBDA_FUNCTION_VERSION", "K_REVISION")),
    ("cloud.region", ("AWS_REGION", "AWS_DEFAULT_REGION", "GOOGLE_CLOUD_REGION", "REGION_NAME")),
    ("cloud.account.id", ("GOOGLE_CLOUD_PROJECT",)),
    ("k8s.pod.name", ("K8S_POD_NAME", "POD_NAME")),
    ("k8s.namespace.name", ("K8S_NAMESPACE", "POD_NAMESPACE")),
    ("k8s.node.name", ("K8S_NODE_NAME", "NODE_NAME")),
)


def build_resource(config: BotanuConfig) -> Resource:
    """Return the resource of this process; what OTEL_RESOURCE_ATTRIBUTES says is kept where the configuration is silent, the service's name too."""
    is_named = config.service_name != UNNAMED or said_of_resource("service.name") is None
    said = {
        "service.name": config.service_name if is_named else None,
        "service.version": config.service_version,
        "service.namespace": config.service_namespace,
        # The convention renamed the key in v1.27; collectors still look for either.
        "deployment.environment": config.deployment_environment,
        "deployment.environment.name": config.deployment_environment,
    }
    detected = detect(os.environ) if config.auto_detect_resources else {}
    return Resource(detected).merge(Resource.create({key: value for key, value in said.items() if value}))


def detect(environment: Mapping[str, str]) -> dict[str, str | int]:
    """Return what can be known of host, process and platform without asking anybody; never command lines."""
    found: dict[str, str | int] = {
        "host.name": socket.gethostname(),
        "os.type": platform.system().lower(),
        "process.pid": os.getpid(),
        "process.runtime.name": platform.python_implementation().lower(),
        "process.runtime.version": platform.python_version(),
    }
    for attribute, variables in _FROM_ENVIRONMENT:
        value = next((environment[name] for name in variables if environment.get(name)), None)
        if value:
            found[attribute] = value
    return found
