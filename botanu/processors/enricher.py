"""The enricher: puts the run on every span as it starts, whoever starts it.

All that an existing OpenTelemetry set-up needs: `provider.add_span_processor(RunContextEnricher())`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry import baggage
from opentelemetry.sdk.trace import SpanProcessor

from botanu import attributes

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import Span

_LONGEST_VALUE = 512
"""Baggage comes from outside; what is longer than this is nobody's run id."""


class RunContextEnricher(SpanProcessor):
    """Copies the run from baggage to each span; an attribute that is there already stays as it is."""

    BAGGAGE_KEYS_LEAN = (attributes.RUN_ID, attributes.USE_CASE)
    """What every span carries."""

    BAGGAGE_KEYS_FULL = (
        *BAGGAGE_KEYS_LEAN,
        attributes.WORKFLOW,
        attributes.ENVIRONMENT,
        attributes.TENANT_ID,
        attributes.PARENT_RUN_ID,
    )
    """What every span carries in full mode."""

    def __init__(self, lean_mode: bool = True) -> None:
        self._keys = self.BAGGAGE_KEYS_LEAN if lean_mode else self.BAGGAGE_KEYS_FULL

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Add what baggage says of the run."""
        carried = baggage.get_all(parent_context)
        if not carried:
            return
        # Looking for a key that is not there raises inside OpenTelemetry's mapping; listing the keys is cheaper.
        present = [*(span.attributes or ())]
        for key in self._keys:
            value = carried.get(key)
            if value and key not in present and isinstance(value, str) and len(value) <= _LONGEST_VALUE:
                span.set_attribute(key, value)
