"""Letters to the owner of the site."""

from __future__ import annotations

from sidecar.i18n import _
from sidecar.mail.facts import Facts, Letter
from sidecar.mail.words import one_line


def alarm(facts: Facts) -> Letter:
    """Something needs a person; the sentence says what."""
    return Letter(
        subject=_("Gatepost needs you: {site}").format(site=facts.site_name),
        paragraphs=(
            facts.happening.sentence or _("Something needs your attention."),
            _("On the server, “gatepost doctor” and “gatepost billing status” say more."),
        ),
        link=(_("Site Health"), facts.admin_url),
    )


def log_seal(facts: Facts) -> Letter:
    """The newest seal of the log, so that it is somewhere where nobody can change it together with the log."""
    seal = one_line(facts.happening.seal or "")
    return Letter(
        subject=_("The seal of the activity log: {site}").format(site=facts.site_name),
        paragraphs=(
            _(
                "Keep this mail. It proves later that nothing in the log was changed, removed or added up to now."
            ),
            _("On the server, “gatepost log verify --seal '{seal}'” compares it with the log.").format(
                seal=seal
            ),
        ),
        rows=((_("Seal"), seal),),
        link=(_("Site Health"), facts.admin_url),
    )
