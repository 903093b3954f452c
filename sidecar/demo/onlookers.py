"""As whom one can look at the demo's site: a visitor, and every WordPress user."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from sidecar.demo.store import list_users
from sidecar.members.store import Member, find_member
from sidecar.pages.messages import ViewerClaim
from sidecar.wordpress.roles import get_roles, parse_user_roles
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.users import get_profile


@dataclass(frozen=True)
class Onlooker:
    """`user_id` 0: the visitor. `locale`: '' where the user has chosen none."""

    user_id: int = 0
    login: str = ""
    name: str = ""
    email: str = ""
    locale: str = ""
    roles: frozenset[str] = frozenset()
    member: Member | None = None

    @property
    def is_visitor(self) -> bool:
        """Nobody is signed in."""
        return self.user_id == 0

    @property
    def is_administrator(self) -> bool:
        """WordPress's `manage_options`."""
        return "administrator" in self.roles

    @property
    def edits_everything(self) -> bool:
        """May edit every post, and so is never shut out of one."""
        return bool(self.roles & {"administrator", "editor"})

    @property
    def claim(self) -> ViewerClaim | None:
        """What the bridge says of them."""
        if self.is_visitor:
            return None
        return ViewerClaim(user=self.user_id, roles=sorted(self.roles), administrator=self.is_administrator)


VISITOR = Onlooker()


def list_onlookers(reader: Session, tables: Tables) -> list[Onlooker]:
    """The visitor, then all users by id."""
    roles, users = get_roles(reader, tables), list_users(reader, tables)
    profiles = get_profile(reader, tables, [user_id for user_id, *_rest in users])
    return [
        VISITOR,
        *(
            Onlooker(
                user_id=user_id,
                login=login,
                name=name,
                email=email,
                locale=profiles[user_id].locale,
                roles=parse_user_roles(capabilities, roles),
                member=find_member(reader, user_id),
            )
            for user_id, login, name, email, capabilities in users
        ),
    ]
