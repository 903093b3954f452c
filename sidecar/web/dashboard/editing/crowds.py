"""What a change of rules opens and closes for how many, in sentences."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, tzinfo

from sqlalchemy.orm import Session

from sidecar.access.forecasting import Crowd, crowd_of, forecast, grants_of
from sidecar.access.rules import Rule
from sidecar.catalog.rules import Grant
from sidecar.catalog.store import list_bundles, list_levels
from sidecar.i18n import _, ngettext
from sidecar.members.store import count_members, list_holdings


def read_crowd(reader: Session, rules: Iterable[Rule], now: datetime, zone: tzinfo) -> Crowd:
    """The members, as far as these rules can tell them apart."""
    levels, bundles, all_levels = grants_of(rules)
    holders = list_holdings(reader, levels, bundles, all_levels=all_levels)
    kept = {(Grant.LEVEL, one.id) for one in list_levels(reader) if one.keeps_access_overdue}
    kept |= {(Grant.BUNDLE, one.id) for one in list_bundles(reader) if one.keeps_access_overdue}
    return crowd_of(holders, count_members(reader), frozenset(kept), now, zone)


def effect_of(
    crowd: Crowd, before: Collection[Rule], after: Collection[Rule], now: datetime, zone: tzinfo
) -> list[str]:
    """Of one target, for whom it opens and closes at once; that it does for nobody is said, too."""
    effect = forecast(crowd, before, after, now, zone)
    if not effect.is_any:
        return [_("Nobody gains or loses it at once.")]
    lines = []
    if effect.for_visitors is not None:
        opens, closes = _("It opens to visitors, too."), _("It closes to visitors.")
        lines.append(opens if effect.for_visitors else closes)
    if effect.opened:
        words = ngettext("It opens for {count} member.", "It opens for {count} members.", effect.opened)
        lines.append(words.format(count=effect.opened))
    if effect.closed:
        words = ngettext("It closes for {count} member.", "It closes for {count} members.", effect.closed)
        lines.append(words.format(count=effect.closed))
    return lines
