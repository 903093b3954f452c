"""The receipt of what was declared without signing in: everything that arrived, and when, so that it can be kept."""

from __future__ import annotations

from sidecar.i18n import _
from sidecar.mail.facts import Declared, Facts, Letter
from sidecar.mail.words import Wording, without_addresses


def declared(facts: Facts, what: Declared, say: Wording) -> Letter:
    """Says the same to everybody: whose address it is, nobody learns by it. It repeats what a stranger has typed, so no
    address of the web that stands in it can be clicked."""
    subject = (
        _("Your withdrawal has arrived: {site}")
        if what.is_withdrawal
        else _("Your cancellation has arrived: {site}")
    )
    sentence = (
        _("This confirms that we received your withdrawal on {at}.")
        if what.is_withdrawal
        else _("This confirms that we received your cancellation on {at}.")
    )
    return Letter(
        subject=subject.format(site=facts.site_name),
        paragraphs=(
            sentence.format(at=say.moment(what.received_at)),
            _(
                "What follows of it for a membership with this address we write to that address. If you have not sent this,"
                " tell us by answering this mail."
            ),
        ),
        link=(facts.site_name, facts.home_url),
        rows=tuple(
            (label, value if value == what.address else without_addresses(value))
            for label, value in what.rows
        ),
    )
