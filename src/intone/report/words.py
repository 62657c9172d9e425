"""Figures as words, for pages: rates in percent."""

from intone.evaluation import Interval


def percent(rate: float) -> str:
    """Set a rate in percent, without the sign: `54.3`."""
    return f"{100 * rate:.1f}".replace("-", "−")


def span(interval: Interval) -> str:
    """Set a rate with its interval in percent: `54.3 % (50.1 to 58.2)`."""
    if interval.low is None or interval.high is None:
        return f"{percent(interval.value)} %"
    return f"{percent(interval.value)} % ({percent(interval.low)} to {percent(interval.high)})"


def bounds(interval: Interval) -> str:
    """Set an interval alone, in percent; nothing where there is none."""
    if interval.low is None or interval.high is None:
        return ""
    return f"{percent(interval.low)} to {percent(interval.high)}"


def points(rate: float) -> str:
    """Set a difference of rates in points, with its sign: `+3.1`."""
    return f"{100 * rate:+.1f}".replace("-", "−")


def chance(p_value: float) -> str:
    """Set a p-value: `p = .032`."""
    return "p < .001" if p_value < 0.001 else f"p = {p_value:.3f}".replace("0.", ".")
