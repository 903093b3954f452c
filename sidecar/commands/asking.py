"""Questions of a command that can also be answered by its options, so that a script needs nobody who sits there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from sidecar.errors import Refused
from sidecar.i18n import _


class Asking:
    """Answers: from an option, else as proposed where nothing is to be asked, else from whoever sits there.

    `given`: the options by name, None where one was left out. Questions go to stderr.
    """

    def __init__(self, given: Mapping[str, Any], *, takes_proposals: bool) -> None:
        self._given, self._takes_proposals = given, takes_proposals

    def given(self, name: str) -> Any:
        """What an option says; None when it says nothing."""
        return self._given.get(name)

    def ask(self, name: str, question: str, proposed: Any = None, **options: Any) -> Any:
        """`proposed` None: there is nothing to propose, so that is refused where nothing is to be asked."""
        if self._given.get(name) is not None:
            return self._given[name]
        if not self._takes_proposals:
            return click.prompt(question, default=proposed, err=True, **options)
        if proposed is None:
            sentence = _("--{option} is missing, and nothing is to be asked.")
            raise Refused(sentence.format(option=name.replace("_", "-")))
        return proposed

    def confirm(self, name: str, question: str) -> bool:
        """Yes is proposed."""
        if self._given.get(name) is not None:
            return bool(self._given[name])
        return self._takes_proposals or click.confirm(question, default=True, err=True)
