"""
What is asked for, and of whom. A scenario is a module here: TITLE, PEERS, BARS and load(connections), which gives
(url, seconds) -> Sample.
"""

from scenarios import keep_alive, transports

ALL = {"keep-alive": keep_alive, "transports": transports}
