"""The one tracer and the one meter that everything in botanu records with."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from opentelemetry import metrics, trace
from opentelemetry.trace import Tracer, TracerProvider

from botanu._version import __version__

SCOPE = "botanu"
"""The instrumentation scope of every span and metric that botanu makes."""

meter = metrics.get_meter(SCOPE, __version__)
"""A proxy until the program sets a meter provider."""


class _Source:
    """Where spans go: a provider of our own when the program's cannot be joined, else the program's, whatever it is now."""

    own: TracerProvider | None = None
    on_new_provider: Callable[[TracerProvider], None] | None = None
    made: tuple[TracerProvider, Tracer] | None = None


def tracer() -> Tracer:
    """Return the tracer of the provider that is set now; tests and late set-ups may have replaced it."""
    provider = _Source.own or trace.get_tracer_provider()
    made = _Source.made
    if made is not None and made[0] is provider:
        return made[1]
    if _Source.on_new_provider is not None and _Source.own is None:
        _Source.on_new_provider(provider)
    fresh = provider.get_tracer(SCOPE, __version__)
    _Source.made = (provider, fresh)
    return fresh


def use_own_provider(provider: TracerProvider | None) -> None:
    """Record with `provider` instead of the program's; None goes back."""
    _Source.own = provider
    _Source.made = None


def watch_providers(callback: Callable[[TracerProvider], None] | None) -> None:
    """Call `callback` whenever the program's provider turns out to be another one than before."""
    _Source.on_new_provider = callback
    _Source.made = None


@contextmanager
def recording_with(provider: TracerProvider) -> Generator[None]:
    """Record with `provider` for the time of the block."""
    before = _Source.own
    use_own_provider(provider)
    try:
        yield
    finally:
        use_own_provider(before)
