"""From rounds to one figure."""

import statistics


def median(rounds, figure):
    """The median of one figure of one peer, or None."""
    return statistics.median(getattr(r, figure) for r in rounds.values()) if rounds else None


def ratio(rounds, figure, peer, reference):
    """
    How one peer's figure is to another's, or None. Of each round by itself, and the median of these: what slows the machine
    down for some rounds slows both down.
    """
    mine, theirs = rounds.get(peer, {}), rounds.get(reference, {})
    pairs = [(getattr(mine[number], figure), getattr(theirs[number], figure)) for number in mine.keys() & theirs.keys()]
    return statistics.median(one / other for one, other in pairs) if pairs and all(other for _, other in pairs) else None


def ratio_text(rounds, figure, peer, reference):
    """The same for a table. The backend alone has nothing to be compared with."""
    value = None if peer == "direct" else ratio(rounds, figure, peer, reference)
    return "–" if value is None else f"{value:.2f}"
