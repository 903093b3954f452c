"""The site's own tables, as WordPress made them: read here, and written only where nothing else can.

WordPress's words (user, role, capability, post, term, option) live in this room and in the bridge. Every function takes
the session first and a `Tables` second, and never commits. There are no ORM classes over WordPress's tables, as they
belong to WordPress: it may add a column or a plugin may, and we name only those that we read.
"""
