"""What every span goes through: the enricher."""

from botanu.processors.enricher import RunContextEnricher

__all__ = ["RunContextEnricher"]
