"""What a scenario is to show."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """A limit on the ratio of two peers, or on the figure of one."""

    title: str
    figure: str  # a field of Round
    peer: str
    reference: str | None  # None: the figure itself is limited
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True)
class Verdict:
    """What became of a bar."""

    bar: Bar
    ratio: float | None  # or the figure, without a reference; None: not measured
    is_doubtful: bool  # most of what it rests on was disturbed

    @property
    def is_met(self):
        if self.ratio is None:
            return False
        bar = self.bar
        return (bar.at_least is None or self.ratio >= bar.at_least) and (bar.at_most is None or self.ratio <= bar.at_most)
