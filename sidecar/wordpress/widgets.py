"""The texts of the site's widgets, read out of its options."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from sidecar.wordpress.errors import Unreadable
from sidecar.wordpress.options import get_option
from sidecar.wordpress.serialization import loads
from sidecar.wordpress.tables import Tables

_TEXT_OF = {"widget_block": "content", "widget_text": "text", "widget_custom_html": "content"}


def list_widget_texts(session: Session, tables: Tables) -> Iterator[tuple[str, str]]:
    """(name such as `widget_text-2`, text) of the core widgets that hold text. What cannot be read is left out."""
    for option, key in _TEXT_OF.items():
        try:
            instances = loads(get_option(session, tables, option) or "N;")
        except Unreadable:
            continue
        for number, instance in instances.items() if isinstance(instances, dict) else ():
            text = instance.get(key) if isinstance(instance, dict) else None
            if isinstance(text, str):
                yield f"{option}-{number}", text
