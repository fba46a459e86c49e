"""Release builds of what is measured."""

import subprocess
from pathlib import Path

from stage import Failure

REPOSITORY = Path(__file__).resolve().parents[3]
OURS = REPOSITORY / "src/ParentProxy"
YARP_HOST = REPOSITORY / "tests/bench/YarpHost"


def release(projects):
    """Builds them; each leaves its output where it always does."""
    for project in sorted(projects):
        # Neither of its servers is to outlive it.
        done = subprocess.run(["dotnet", "build", "-c", "Release", "-v", "quiet", "-nodeReuse:false", "-p:UseSharedCompilation=false", str(project)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise Failure(f"{project.relative_to(REPOSITORY)} does not build\n{done.stdout.strip()}")


def output(project, name):
    """A file of a Release build."""
    return project / "bin/Release/net10.0" / name
