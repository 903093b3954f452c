"""What can go wrong, as facts. HTTP statuses belong to `web`, exit codes to `cli`."""


class GatepostError(Exception):
    """The base of every error that Gatepost raises on purpose; its text is a sentence for a person."""


class NotFound(GatepostError):
    """A thing that was named does not exist."""


class Refused(GatepostError):
    """The request is understood and not allowed in the present state."""


class WrongValue(Refused):
    """One value of several is refused; `field` names it, so that a form can say it beside the field."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class Misconfigured(GatepostError):
    """A setting is missing, unknown or impossible; the text names its key."""
