"""One page view: decide, gather the viewer's facts, render, log."""
