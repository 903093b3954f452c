"""What the engine of shortcodes tells authors, for translators: the engine itself knows no languages."""

from __future__ import annotations

from sidecar.i18n import N_

_MALFORMED = (
    N_("{name}: the equation “{equation}” is malformed: it is too long."),
    N_("{name}: the equation “{equation}” is malformed: “{part}” is not expected here."),
    N_("{name}: the equation “{equation}” is malformed: “{part}” is no number."),
    N_("{name}: the equation “{equation}” is malformed: “{part}” is nothing that a mail tells of."),
    N_("{name}: the equation “{equation}” is malformed: “{part}” is no status."),
    N_("{name}: the equation “{equation}” is malformed: a parenthesis is closed that was never opened."),
    N_("{name}: the equation “{equation}” is malformed: a parenthesis is never closed."),
    N_("{name}: the equation “{equation}” is malformed: something is missing at the end."),
    N_("{name}: the equation “{equation}” is malformed: too many parentheses within parentheses."),
)
_PLACES = (
    N_("A form can only stand in the text itself, not in an attribute, a title or a script."),
    N_("A value cannot be a tag or attribute name, or part of one."),
    N_("A value cannot be made safe inside this element."),
    N_("A value cannot stand in an address of this kind, such as javascript:."),
    N_("A value cannot stand inside a character reference."),
    N_("A value cannot stand inside a comment or declaration."),
    N_("A value inside CSS cannot be made safe."),
    N_("A value inside a meta element cannot be made safe."),
    N_("A value inside an embedded document (srcdoc) cannot be made safe."),
    N_("A value inside an event handler or another attribute that runs as code cannot be made safe."),
    N_("In a script a value may only stand inside a string."),
    N_("It is not clear where in the HTML this value stands. Put whole elements inside decisions."),
    N_(
        "The author of this text may not see what the site knows of others; outside of the text itself the value is left out."
    ),
    N_("The value is no address with http, https, mailto or tel, nor a relative one; it was left out."),
)
_FORMS = (
    N_("A form cannot stand within a form."),
    N_(
        "The card's own fields, which stand in the place of ccNumber, ask for this too; “{value}” prints nothing."
    ),
    N_("[{tag}] stands in no form."),
    N_("customAttributes cannot hold “{value}”."),
    N_("{name} “{value}” is not offered yet; it prints nothing."),
)
_TAGS = (
    N_("More than {limit} decisions stand within each other; this one is hidden."),
    N_("The attribute {name} is missing."),
    N_("The decision has a second [{tag}]."),
    N_("The decision says nothing to decide by."),
    N_("The link says neither productId nor membershipId."),
    N_("There is no tag [{tag}]."),
    N_("There is no tag [{tag}]. Did you mean [{meant}]?"),
    N_("[/{tag}] closes nothing."),
    N_("[{tag}] is never closed: everybody sees what follows it."),
    N_("[{tag}] stands in no decision."),
    N_("{name} cannot be “{value}”."),
    N_("{name} cannot be “{value}”. Did you mean “{meant}”?"),
    N_("{name} has to be a day such as 2026-03-31, not “{value}”."),
    N_("{name} has to be a number of days such as 7 or -7, not “{value}”."),
    N_("{name} has to be a number, not “{value}”."),
    N_("{tag} has no attribute “{name}”."),
    N_("{tag} has no attribute “{name}”. Did you mean “{meant}”?"),
)
DIAGNOSES = frozenset(_MALFORMED + _PLACES + _FORMS + _TAGS)
