"""botanu: what did this outcome cost, and was it worth it?"""

from __future__ import annotations

from botanu._version import __version__
from botanu.models.run_context import RunContext, RunOutcome, RunStatus
from botanu.sdk.bootstrap import disable, enable, is_enabled
from botanu.sdk.config import BotanuConfig
from botanu.sdk.context import get_baggage, get_current_span, get_run_id, get_use_case, set_baggage
from botanu.sdk.decorators import botanu_outcome, botanu_use_case, run, use_case
from botanu.sdk.span_helpers import emit_outcome, set_business_context, step

init_botanu = enable
"""The same as `enable`."""

__all__ = [
    "BotanuConfig",
    "RunContext",
    "RunOutcome",
    "RunStatus",
    "__version__",
    "botanu_outcome",
    "botanu_use_case",
    "disable",
    "emit_outcome",
    "enable",
    "get_baggage",
    "get_current_span",
    "get_run_id",
    "get_use_case",
    "init_botanu",
    "is_enabled",
    "run",
    "set_baggage",
    "set_business_context",
    "step",
    "use_case",
]
