"""The dashboard: the screens of the site's owner and of the staff."""
