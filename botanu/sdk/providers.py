"""The tracer provider: the program's own is joined, a new one is set when there is none, and one that cannot be joined is left alone."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, Sampler, TraceIdRatioBased

from botanu import _tracer
from botanu.sdk.resources import build_resource

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan, Span

    from botanu.sdk.config import BotanuConfig

_log = logging.getLogger("botanu")

_TRACE_ID_MASK = 0xFFFFFFFFFFFFFFFF


class Gate(SpanProcessor):
    """Botanu's one foot in a provider: processors behind it come and go, which providers do not allow."""

    def __init__(self) -> None:
        self._open: tuple[SpanProcessor, ...] = ()
        self._bound = TraceIdRatioBased.get_bound_for_rate(1.0)

    def open(self, processors: tuple[SpanProcessor, ...], rate: float) -> None:
        """Let spans through to `processors`, ended ones only of this share of traces."""
        self._bound = TraceIdRatioBased.get_bound_for_rate(rate)
        self._open = processors

    def close(self) -> None:
        """Let no more spans through."""
        self._open = ()

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Pass the span on."""
        for processor in self._open:
            processor.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        """Pass the span on, if its trace is in the share."""
        context = span.context
        if context is not None and context.trace_id & _TRACE_ID_MASK < self._bound:
            for processor in self._open:
                processor.on_end(span)

    def shutdown(self) -> None:
        """Shut down what is behind the gate: the program ends its provider."""
        for processor in self._open:
            processor.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Flush what is behind the gate."""
        flushed = [processor.force_flush(timeout_millis) for processor in self._open]
        return all(flushed)


@dataclass
class Attachment:
    """Where the pipeline is attached, and which share of traces reaches it."""

    provider: trace.TracerProvider
    is_beside: bool
    sample_rate: float


class Attacher:
    """Attaches one pipeline to the program's provider, and to the one that replaces it, until it is released."""

    _gates: ClassVar[WeakKeyDictionary[trace.TracerProvider, Gate]] = WeakKeyDictionary()

    def __init__(self, config: BotanuConfig, processors: tuple[SpanProcessor, ...]) -> None:
        self._config = config
        self._processors = processors
        self._made: TracerProvider | None = None

    def attach(self) -> Attachment:
        """Join the program's provider, or make one."""
        existing = trace.get_tracer_provider()
        if isinstance(existing, trace.ProxyTracerProvider):
            made = self._make()
            _set_global(made)
            attachment = Attachment(made, is_beside=False, sample_rate=self._config.trace_sample_rate)
        elif hasattr(existing, "add_span_processor"):
            attachment = self._join(existing)
        else:
            made = self._make()
            _tracer.use_own_provider(made)
            attachment = Attachment(made, is_beside=True, sample_rate=self._config.trace_sample_rate)
        _tracer.watch_providers(self._on_new_provider)
        return attachment

    def release(self) -> None:
        """Leave the program's provider; take ours away again."""
        _tracer.watch_providers(None)
        _tracer.use_own_provider(None)
        for gate in list(self._gates.values()):
            gate.close()
        if self._made is not None and trace.get_tracer_provider() is self._made:
            _unset_global()

    def _make(self) -> TracerProvider:
        rate = self._config.trace_sample_rate
        # At 1 a caller's "not sampled" is not obeyed: what it cost was spent all the same.
        sampler: Sampler = ALWAYS_ON if rate == 1 else ParentBased(TraceIdRatioBased(rate))
        self._made = TracerProvider(sampler=sampler, resource=build_resource(self._config), shutdown_on_exit=False)
        self._gate_of(self._made).open(self._processors, 1.0)
        return self._made

    def _join(self, provider: Any) -> Attachment:
        rate = self._config.trace_sample_rate
        theirs = sampled_share(provider)
        if theirs < 1:
            _log.warning(
                "the existing tracer provider samples: %.4g %% of traces are recorded, so that share of cost will be seen",
                theirs * 100,
            )
        self._gate_of(provider).open(self._processors, rate)
        return Attachment(provider, is_beside=False, sample_rate=min(theirs, rate))

    def _gate_of(self, provider: Any) -> Gate:
        gate = self._gates.get(provider)
        if gate is None:
            gate = self._gates[provider] = Gate()
            provider.add_span_processor(gate)
        return gate

    def _on_new_provider(self, provider: trace.TracerProvider) -> None:
        """Join a provider that the program set after `enable`."""
        if provider not in self._gates and hasattr(provider, "add_span_processor"):
            self._join(provider)


def sampled_share(provider: object) -> float:
    """Return the share of traces that a provider's sampler records, as far as its description tells."""
    sampler = getattr(provider, "sampler", None)
    description = str(sampler.get_description()) if isinstance(sampler, Sampler) else ""
    if ratio := re.search(r"TraceIdRatioBased\{([0-9.eE+-]+)\}", description):
        return float(ratio[1])
    return 0.0 if description.startswith(("AlwaysOff", "ParentBased{root:AlwaysOff")) else 1.0


def _set_global(provider: TracerProvider) -> None:
    # Past the API's "only once", so that a provider which the program sets later is taken, and can be joined.
    if hasattr(trace, "_TRACER_PROVIDER"):
        trace._TRACER_PROVIDER = provider  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    else:
        trace.set_tracer_provider(provider)


def _unset_global() -> None:
    if hasattr(trace, "_TRACER_PROVIDER"):
        trace._TRACER_PROVIDER = None  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
