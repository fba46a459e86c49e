"""What is asked for. A scenario is a module here: TITLE, BARS and load(connections), which gives (url, seconds) -> Sample."""

from scenarios import keep_alive

ALL = {"keep-alive": keep_alive}
