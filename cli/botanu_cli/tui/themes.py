"""The two themes of the dashboard, and colours of series that people with any kind of colour vision can tell apart.

The hues are those of M. Okabe and K. Ito, Color Universal Design (2008), https://jfly.uni-koeln.de/color/, made lighter or darker where
the background asks for it.
"""

from __future__ import annotations

from textual.theme import Theme

DARK, LIGHT = "botanu-dark", "botanu-light"

SERIES = 6
"""Series told apart by colour; what is beyond them is drawn together."""

_SERIES_DARK = ("#56B4E9", "#E69F00", "#1FB58B", "#D98BB8", "#F0E442", "#E5703A", "#6B7680")
_SERIES_LIGHT = ("#0072B2", "#E69F00", "#009E73", "#C4689B", "#D55E00", "#56B4E9", "#9AA3AB")

_DARK = Theme(
    name=DARK,
    primary="#3FB68B",
    secondary="#56B4E9",
    accent="#56B4E9",
    warning="#E8A93B",
    error="#F0787A",
    success="#4CC38A",
    foreground="#D8DEE4",
    background="#0F1417",
    surface="#141A1E",
    panel="#1D252A",
    dark=True,
    variables={"block-cursor-text-style": "none", "footer-background": "#1D252A", "footer-key-foreground": "#3FB68B"},
)
_LIGHT = Theme(
    name=LIGHT,
    primary="#0A704E",
    secondary="#0072B2",
    accent="#0072B2",
    warning="#8A5A00",
    error="#B42318",
    success="#0A704E",
    foreground="#0B0F12",
    background="#FCFBF8",
    surface="#F5F3EE",
    panel="#E9E6DF",
    dark=False,
    variables={"block-cursor-text-style": "none", "footer-background": "#E9E6DF", "footer-key-foreground": "#0A704E"},
)
THEMES = (_DARK, _LIGHT)


def series_variables(*, dark: bool) -> dict[str, str]:
    """Return the colours of series as theme variables: `series-1` and on, and `series-0` for the rest."""
    *colours, rest = _SERIES_DARK if dark else _SERIES_LIGHT
    return {f"series-{number}": colour for number, colour in enumerate([rest, *colours])}
