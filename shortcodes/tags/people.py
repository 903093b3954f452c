"""MM_CustomField_Data and MM_Employee_Data: what a custom field is called, and who works for the site."""

from __future__ import annotations

from collections.abc import Callable

from shortcodes.facts import EmployeeFacts, Facts
from shortcodes.tags.tag import Attribute, Given, Tag, Value

_PRIVATE = frozenset({"email", "phone"})
"""In the text of somebody who may not see what the site knows of others these stay empty."""
_EMPLOYEE: dict[str, Callable[[EmployeeFacts], str]] = {
    "displayName": lambda employee: employee.display_name,
    "email": lambda employee: employee.email,
    "firstName": lambda employee: employee.first_name,
    "lastName": lambda employee: employee.last_name,
    "phone": lambda employee: employee.phone,
}
_EMPLOYEE_NAMES = {name.lower(): name for name in _EMPLOYEE}


def _employee(given: Given) -> Value:
    name: str | None = given.choice("name", _EMPLOYEE_NAMES)
    text = given.get("id")
    number = None if text is None else given.id("id", text)
    if name is None or (text is not None and number is None):
        return lambda _facts: ""
    given.mention("employee", number or 0)
    read = _EMPLOYEE[name]

    def value(facts: Facts) -> str:
        if facts.member() is None or (name in _PRIVATE and not facts.trusts_author()):
            return ""
        employee = facts.employee(number)
        return "" if employee is None else read(employee)

    return value


def _field(given: Given) -> Value:
    name = given.choice("name", {"displayname": True})
    text = given.get("id")
    if text is None:
        given.report("The attribute {name} is missing.", name="id")
    number = None if text is None else given.id("id", text)
    if name is None or number is None:
        return lambda _facts: ""
    given.mention("field", number)
    return lambda facts: facts.custom_field_name(number) or ""


CUSTOM_FIELD_DATA = Tag(
    "MM_CustomField_Data",
    "Prints what a custom field is called, to everybody.",
    (Attribute("id", "the field's number"), Attribute("name", "what to print", ("displayName",))),
    prints=_field,
)
EMPLOYEE_DATA = Tag(
    "MM_Employee_Data",
    "Prints something about somebody who works for the site and whom its owner has put on the list (the dashboard’s screen “Staff”, or `gatepost employee`);"
    " nothing for a visitor.",
    (
        Attribute("id", "the number on that list; default: the one who speaks for the site"),
        Attribute("name", "what to print", tuple(_EMPLOYEE)),
    ),
    prints=_employee,
)
