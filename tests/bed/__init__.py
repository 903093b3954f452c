"""The test bed: private servers and real WordPress sites, on loopback only.

    folder      where everything of the bed lies, and whose account runs what
    processes   start a server, find it again by its pid file, stop it
    mariadb     one private MariaDB, shared by all test runs of this account
    wordpress   WordPress trees 6.1, 6.8 and newest, out of Debian's packages
    session     one test run: its own Redis, php-fpm and nginx, and its sites
    site        one WordPress site, and what a test can do with it
    browser     Chromium, driven by Playwright

`python -m tests.bed up` keeps MariaDB running between test runs; see docs/development.md.
"""
