"""The fields by which somebody says who he is: names, phone, address, and the owner's own. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from babel import Locale

from sidecar.catalog.rules import CustomField, FieldKind
from sidecar.i18n import _
from sidecar.pages.forms.parts import FieldPlan, custom_name

_SHORT = 150
"""A longer answer is shown in several lines."""
_NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"})


def contact_fields(lines: Mapping[str, str], language: str) -> dict[str, FieldPlan]:
    """Phone and billing address, none of them required. `lines`: by column of `gatepost_contacts`."""

    def line(column: str, label: str, autocomplete: str) -> FieldPlan:
        return FieldPlan(column, label, "text", lines.get(column, ""), autocomplete, is_required=False)

    country = lines.get("billing_country", "")
    return {
        "phone": FieldPlan("phone", _("Phone"), "tel", lines.get("phone", ""), "tel", is_required=False),
        "billingAddress": line("billing_address", _("Address"), "billing street-address"),
        "billingZipCode": line("billing_zip_code", _("Postal code"), "billing postal-code"),
        "billingCity": line("billing_city", _("City"), "billing address-level2"),
        "billingState": line("billing_state", _("State or province"), "billing address-level1"),
        "billingCountry": FieldPlan(
            "billing_country", _("Country"), "choice", country, "billing country", _countries(language, country),
            is_required=False,
        ),
    }  # fmt: skip


def _countries(language: str, chosen: str) -> tuple[tuple[str, str], ...]:
    """All by name, with what was written before there was a choice."""
    known = country_codes(language)
    is_other = chosen and chosen not in dict(known)
    return (("", "–"), *(((chosen, chosen),) if is_other else ()), *known)


@lru_cache(maxsize=8)
def country_codes(language: str) -> tuple[tuple[str, str], ...]:
    """Two-letter codes and names, in the order of the names.

    >>> country_codes("fr")[0], ("DE", "Germany") in country_codes("en"), "ZZ" in dict(country_codes("en"))
    (('AF', 'Afghanistan'), True, False)
    """
    names = Locale(language).territories
    codes = [str(code) for code in names if re.fullmatch("[A-Z]{2}", str(code))]
    pairs = [(code, str(names[code])) for code in codes if code not in _NO_COUNTRIES]
    return tuple(sorted(pairs, key=lambda pair: _sorted_as(pair[1])))


def _sorted_as(name: str) -> str:
    """An accent changes no letter's place."""
    return "".join(
        one for one in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(one)
    )


def custom_fields(fields: Iterable[CustomField], values: Mapping[int, str]) -> dict[str, FieldPlan]:
    """The owner's own, with what this member has answered."""
    return {custom_name(one.id): _custom(one, values.get(one.id, "")) for one in fields}


def _custom(field: CustomField, value: str) -> FieldPlan:
    kind = "checkbox" if field.kind is FieldKind.CHECKBOX else "text"
    if kind == "text" and (len(value) > _SHORT or "\n" in value):
        kind = "lines"
    return FieldPlan(custom_name(field.id), field.name, kind, value, is_required=False)
