"""Accessibility by axe-core (axe.min.js, MPL-2.0, of the npm package axe-core 4.14.1), run inside a page of the browser."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

SCRIPT = (Path(__file__).parent / "axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def breaches(page: "Page") -> list[str]:
    """What of WCAG 2.2 AA the page as it stands breaks, one line for each element."""
    page.evaluate(SCRIPT)  # as the developer tools would: the page's policy lets no script of a stranger in
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES
    )
    assert found["passes"], "axe has looked at nothing"
    return [
        f"{one['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
