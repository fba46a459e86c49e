"""Reads tests/harness/peers, where nginx and HAProxy are configured for every suite."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "harness/peers"
MARK = "#:"


def read(name, use, **values):
    """The lines that are there for everybody or for this use, with the values in their places."""
    lines = []
    for line in (FOLDER / name).read_text().splitlines():
        line, _, uses = line.partition(MARK)
        if line and not line.startswith("#") and (not uses or use in uses.split()):
            lines.append(line.rstrip())
    text = "\n".join(lines) + "\n"
    for key, value in values.items():
        text = text.replace("{{" + key + "}}", str(value))
    if "{{" in text:
        raise ValueError(f"not all of {name} is filled in:\n{text}")
    return text
