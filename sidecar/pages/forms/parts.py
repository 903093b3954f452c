"""A form in parts: fields, sums, messages and buttons stand where their author has put them, and what the form cannot do
without stands at its end if he has not. Pure: values in, elements out.

A part may stand within a paragraph of the author's, so it is one inline element; what we put in at the end is blocks, of which
WordPress makes no paragraphs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shortcodes.facts import FieldWish
from sidecar.i18n import _
from sidecar.pages.forms.elements import FORM_END, NOTHING, Element, attribute, hidden, join, paragraph
from sidecar.pages.forms.frame import without_script

ANCHOR = "#gatepost-"
DOES = f"{ANCHOR}do-"
"""How the address of a link begins that does what a button does."""
LONGEST = "200"


@dataclass(frozen=True)
class FieldPlan:
    """A field that a form can have, and under what name it is sent.

    `kind`: that of an `input`, or `lines` of text, or `choice`, with its `choices` by what is sent. `value`: what stands in it at first; that of
    a `checkbox` is '' or not. `is_needed`: the form cannot do without it; `is_offered`: the bare form has it, too. `is_fixed`:
    shown, and changed elsewhere.
    """

    sent_as: str
    label: str
    kind: str = "text"
    value: str = ""
    autocomplete: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    is_required: bool = True
    is_needed: bool = False
    is_offered: bool = False
    is_fixed: bool = False


@dataclass(frozen=True)
class Plan:
    """All that a form can print for one viewer. `step` and `main`: what its main button sends and says.

    `fields` and `data` by their names in tags; `figures`: those of `data` that follow a coupon, and what the script calls them.
    `needs`: places that must be there, by the name of the field that marks them; `accept`: what is ticked before the button is
    pressed, and so stands before it. `acts`: what its buttons do: a step, or a
    place of the page. `hidden`: what nobody sees. `more`: stands below the bare form.
    """

    begin: Element
    step: str
    main: str
    fields: Mapping[str, FieldPlan]
    data: Mapping[str, str | Element] = field(default_factory=dict[str, "str | Element"])
    figures: Mapping[str, str] = field(default_factory=dict[str, str])
    needs: Mapping[str, Element] = field(default_factory=dict[str, Element])
    marks: Mapping[str, Element] = field(default_factory=dict[str, Element])
    accept: Element = NOTHING
    acts: Mapping[str, str] = field(default_factory=dict[str, str])
    sections: frozenset[str] = frozenset()
    hidden: Element = NOTHING
    more: Element = NOTHING


class PartedForm:
    """One form while it is printed (`shortcodes.facts.FormFacts`). What is printed once is not printed again."""

    refusal = ""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._printed: set[str] = set()

    def begin(self) -> str:
        """Up to what its author has written."""
        return str(self.plan.begin)

    def field(self, wish: FieldWish, /) -> str:
        """A field, or the place that it marks; '' for one that this form has not, or has already."""
        name = custom_name(wish.custom) if wish.custom is not None else wish.name
        if name in self.plan.marks and self._first(name):
            return str(self.plan.marks[name])
        plan = self.plan.fields.get(name)
        if plan is None or name in self._printed:
            return ""
        if wish.is_hidden:
            return self._hidden(name, plan)
        self._printed.add(name)
        return str(field_element(plan, wish))

    def _hidden(self, name: str, plan: FieldPlan) -> str:
        """What nobody sees has to be known: else what the form needs is asked for, and nobody chooses a password blindly."""
        if not plan.value and (plan.is_needed or plan.kind == "password"):
            return ""
        self._printed.add(name)
        return str(hidden(plan.sent_as, plan.value))

    def data(self, name: str, /) -> str:
        """What the form is about, in a place of its own where a coupon changes it."""
        self._printed.add(name)
        shown = Element.escape(self.plan.data.get(name, ""))
        figure = self.plan.figures.get(name)
        if figure is None:
            return str(shown)
        return str(Element('<span data-gatepost-figure="{}">{}</span>').format(figure, shown))

    def plain_data(self, name: str, /) -> str:
        """As a text; '' for what is more than that."""
        shown = self.plan.data.get(name, "")
        return "" if isinstance(shown, Element) else shown

    def message(self, kind: str, /) -> str:
        """A place for sentences: `error` and `success`, or of the coupon alone."""
        role = "alert" if kind.lower().endswith("error") else "status"
        if not self._first(f"message {kind}"):
            return ""
        of = attribute("data-gatepost-of", "quote") if kind.startswith("coupon") else NOTHING
        return str(Element('<span role="{}"{}></span>').format(role, of))

    def button(self, act: str, label: str, look: str, /) -> str:
        """A button, or a link to where it leads."""
        done = self.plan.acts.get(act, "")
        if not done:
            return ""
        words = label or (self.plan.main if act == "submit" else _act_words().get(act, ""))
        if done.startswith(ANCHOR):
            return str(Element('<a href="{}" class="{}">{}</a>').format(done, look, words))
        self._printed.add(act)
        is_main = act == "submit"
        is_asked = is_main and self._first("accept") and self.plan.accept
        before = join(self.plan.accept, Element("<br />")) if is_asked else NOTHING
        kind = NOTHING if is_main else attribute("type", "button")
        return str(
            Element('{}<button{} data-gatepost-step="{}" class="{} wp-element-button">{}</button>').format(
                before, kind, done, look, words
            )
        )

    def act_url(self, act: str, /) -> str:
        """The address of a link in a button's place."""
        done = self.plan.acts.get(act, "")
        if not done:
            return ""
        self._printed.add(act)
        return done if done.startswith(ANCHOR) else f"{DOES}{done}"

    def has_section(self, kind: str, /) -> bool:
        """Whether there is something to fill in."""
        return kind in self.plan.sections

    def end(self) -> str:
        """Everything that must be in it and is not yet."""
        return self._rest([name for name, plan in self.plan.fields.items() if plan.is_needed])

    def whole(self) -> str:
        """The form alone, as its bare tag prints it."""
        wanted = [name for name, plan in self.plan.fields.items() if plan.is_needed or plan.is_offered]
        return self.begin() + self._rest(wanted) + str(self.plan.more)

    def _rest(self, wanted: list[str]) -> str:
        plans = [self.plan.fields[name] for name in wanted if name not in self._printed]
        fields = [paragraph("", field_element(plan, FieldWish(label=plan.label))) for plan in plans]
        places = [place for name, place in self.plan.needs.items() if name not in self._printed]
        button = Element("") if "submit" in self._printed else Element(self.button("submit", "", ""))
        if self._first("accept") and self.plan.accept:
            places.append(paragraph("", self.plan.accept))
        messages = [
            Element('<div role="{}"></div>').format(role)
            for kind, role in (("success", "status"), ("error", "alert"))
            if self._first(f"message {kind}")
        ]
        unseen = Element("<div>{}</div>").format(self.plan.hidden) if self.plan.hidden else NOTHING
        shown = join(*fields, *places, paragraph("", button) if button else NOTHING, unseen, *messages)
        return str(join(shown, without_script(), FORM_END))

    def _first(self, name: str) -> bool:
        is_first = name not in self._printed
        self._printed.add(name)
        return is_first


class RefusedForm(PartedForm):
    """A sentence in the place of a form that this viewer cannot use."""

    def __init__(self, refusal: Element) -> None:
        super().__init__(Plan(NOTHING, "", "", {}))
        self.refusal = str(refusal)

    def whole(self) -> str:
        """The sentence."""
        return self.refusal


def custom_name(field_id: int) -> str:
    """What a field of the owner's is called among the fields of a form; it is sent as that, too.

    >>> custom_name(5)
    'custom_5'
    """
    return f"custom_{field_id}"


def _act_words() -> dict[str, str]:
    return {
        "applyCoupon": _("Apply"), "updateAccountDetails": _("Change"), "updateBillingInfo": _("Change"),
        "cancelMembership": _("Cancel"),
    }  # fmt: skip


def field_element(plan: FieldPlan, wish: FieldWish) -> Element:
    """A field as its author wants it; one without words of its own says to those who cannot see what it is for."""
    label = wish.label or (plan.label if plan.kind == "checkbox" else "")
    more = dict(wish.attributes)
    if not label:
        more.setdefault("aria-label", plan.label)
    if wish.look:
        more["class"] = wish.look
    if plan.autocomplete:
        more.setdefault("autocomplete", plan.autocomplete)
    required = plan.is_required if wish.is_required is None else wish.is_required
    marks = join(
        *(attribute(name, value) for name, value in more.items()),
        Element(" required") if required and not plan.is_fixed and plan.kind != "checkbox" else NOTHING,
        Element(" disabled") if plan.is_fixed else Element(" data-gatepost-details"),
    )
    if plan.kind == "checkbox":
        return _box(plan, label, marks)
    has_limit = "maxlength" in more
    element = _choice(plan, marks) if plan.kind == "choice" else _input(plan, marks, has_limit=has_limit)
    return Element("<label>{}<br />{}</label>").format(label, element) if label else element


def _input(plan: FieldPlan, marks: Element, *, has_limit: bool) -> Element:
    if plan.kind == "lines":
        return Element('<textarea name="{}" rows="5"{}>{}</textarea>').format(plan.sent_as, marks, plan.value)
    value = attribute("value", plan.value) if plan.value and plan.kind != "password" else NOTHING
    limit = NOTHING if has_limit else attribute("maxlength", LONGEST)
    return Element('<input type="{}" name="{}"{}{}{}>').format(plan.kind, plan.sent_as, value, limit, marks)


def _choice(plan: FieldPlan, marks: Element) -> Element:
    options = join(
        *(
            Element('<option value="{}"{}>{}</option>').format(
                sent, Element(" selected") if sent == plan.value else NOTHING, words
            )
            for sent, words in plan.choices
        )
    )
    return Element('<select name="{}"{}>{}</select>').format(plan.sent_as, marks, options)


def _box(plan: FieldPlan, label: str, marks: Element) -> Element:
    """Before it stands what is sent when it is not ticked."""
    ticked = Element(" checked") if plan.value else NOTHING
    return Element('{}<label><input type="checkbox" name="{}" value="yes"{}{}> {}</label>').format(
        hidden(plan.sent_as, ""), plan.sent_as, ticked, marks, label
    )
