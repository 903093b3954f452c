"""Several attempts at the same moment, each on a connection of its own."""

import threading

from sidecar.errors import Refused


def at_once(house, *attempts):
    """What each attempt returned, in no order; for one that was refused, Refused."""
    outcomes, start = [], threading.Barrier(len(attempts))

    def run(attempt):
        with house.app.app_context():
            start.wait()
            try:
                outcomes.append(attempt())
            except Refused:
                outcomes.append(Refused)

    threads = [threading.Thread(target=run, args=(attempt,)) for attempt in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
