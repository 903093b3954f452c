import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.wordpress.passwords import as_posted, check_password

# Made by wp_hash_password of each of these versions.
HASHES = [
    ("6.1", "correct horse", "$P$Bga8m6/DoreTKrpzqBqsjutNne6fV90"),
    ("6.1", "  trimmed \t", "$P$BbmxQtB9XtRD.gv9SYchYSrMqTRkTn."),
    ("6.1", "pässwörd ✓ 密码", "$P$BzujZOgnjFbh5vtmQtTg3upqUP68fj/"),
    ("6.1", "it\\'s", "$P$BZceedx4flCAoBl/cIyHq6wJ70Z4p.0"),
    (
        "6.1",
        "xyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy",
        "$P$BfgC50m9WGg64S0TmKNht2PznBtidD/",
    ),
    ("6.8", "correct horse", "$wp$2y$10$4VWA17lZOx4v4g4Xji7eeO3pTjJFp9FiYF5cDtKHUWTWx9KJ88PRC"),
    ("6.8", "  trimmed \t", "$wp$2y$10$qtcsg8xZHd5m7ga0kUAhl.YOT6cNuQtmJtdk20KnF69iCpDGH3FZi"),
    ("6.8", "pässwörd ✓ 密码", "$wp$2y$10$fMQkyukZjn38moSWDmL.Aue15Xz7baM8Aahiw77pbKGdGiLmzl18S"),
    ("6.8", "it\\'s", "$wp$2y$10$2aMyH0njE5O/36NJn.rfveSeB66q1x1NeZD.2hNraVYRH9JxwFtC2"),
    (
        "6.8",
        "xyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy",
        "$wp$2y$10$NbS.8KLwaUplUrbFJkeRUO/X3zoFlx7pH7JaadjIR3ss4R2jOLARi",
    ),
    ("7.1", "correct horse", "$wp$2y$10$6gXEilQ4q1gn3oQT3e5NlOE7sGl/wH1BgLaOdC8y7WkSfyOYpPMYy"),
    ("7.1", "  trimmed \t", "$wp$2y$10$jdVjad5lytA.e1oFxw9vBOVf/KO1QHDlvCjaDBCC8o8fcvO92.qiu"),
    ("7.1", "pässwörd ✓ 密码", "$wp$2y$10$bgAXVlY5b05ekw/kUnh/GOVAyQdkyhycMdihAz2UFwLxuFzpi.BZe"),
    ("7.1", "it\\'s", "$wp$2y$10$P.qS2ISootPYzzl0VwFKCeGMOylfp3a8x7bj5iaQz3p9Ik7F1t/lC"),
    (
        "7.1",
        "xyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy",
        "$wp$2y$10$NlZ0S0I6fCgdWD.VrTg.BOKtVIb/e/GDtg2pYMXXZuF7boImCHBy.",
    ),
]
PLAIN_BCRYPT = "$2y$04$Zd/7bKkqH5ZSWp.q.U2e/Ox3s6rtSA3IE3ZdRcT0PymqtOeuQxp5K"  # PHP's own, of "abc"
LONG_BCRYPT = "$2y$04$d5OEZ2nPyfbMJBySB21XaueDS8Oo0EWYZ365Prm1bx/H49HFbwNUu"  # PHP's own, of 80 letters a
PHPASS = "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"  # of "test12345": phpass's own test vector
MD5 = "900150983cd24fb0d6963f7d28e17f72"  # of "abc"


@pytest.mark.parametrize(("version", "password", "stored"), HASHES)
def test_what_wordpress_hashed_is_recognised_and_nothing_else(version, password, stored):
    assert check_password(password, stored)
    assert not check_password(password + "x", stored)
    assert not check_password(password.swapcase(), stored) or password == password.swapcase()


@pytest.mark.parametrize("stored", [PHPASS, PHPASS.replace("$P$", "$H$")])
def test_phpass_is_recognised_under_both_of_its_names(stored):
    assert check_password("test12345", stored)
    assert not check_password("test12346", stored)


@pytest.mark.parametrize("kind", ["$2y$", "$2a$", "$2b$"])
def test_plain_bcrypt_is_recognised(kind):
    stored = PLAIN_BCRYPT.replace("$2y$", kind)
    assert check_password("abc", stored)
    assert not check_password("abd", stored)


def test_plain_bcrypt_reads_72_bytes_as_php_does():
    assert check_password("a" * 72, LONG_BCRYPT)
    assert check_password("a" * 4096, LONG_BCRYPT)
    assert not check_password("a" * 71, LONG_BCRYPT)


def test_old_md5_is_recognised_in_small_letters_only():
    assert check_password("abc", MD5)
    assert not check_password("abd", MD5)
    assert not check_password("abc", MD5.upper())


def test_white_space_round_a_password_does_not_count():
    for stored in (PLAIN_BCRYPT, MD5):
        assert check_password("\t abc\r\n\0\x0b", stored)
        assert not check_password("a bc", stored)
        assert not check_password("\xa0abc", stored)


def test_a_nul_byte_does_not_end_a_password():
    for stored in (PLAIN_BCRYPT, MD5):
        assert not check_password("abc\0def", stored)


@pytest.mark.parametrize("password", ["", " ", "\0", "\n\t"])
def test_an_empty_password_opens_nothing(password):
    assert not check_password(password, "d41d8cd98f00b204e9800998ecf8427e")  # MD5 of nothing


def test_passwords_beyond_4096_bytes_are_refused():
    assert not check_password("a" * 4097, LONG_BCRYPT)
    assert not check_password("é" * 2049, LONG_BCRYPT)


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "*",
        "abc",
        "$P$",
        "$wp",
        "$wp$2y$10$",
        f"$wp{PHPASS}",
        f"$wp$wp{PLAIN_BCRYPT}",
        f"{PLAIN_BCRYPT}\n",
        f"{MD5}\n",
        f"{PHPASS}\n",
        PLAIN_BCRYPT[:-1],
        PLAIN_BCRYPT.replace("$04$", "$03$"),
        PLAIN_BCRYPT.replace("$04$", "$31$"),  # would run for a day
        PHPASS.replace("$P$9", "$P$S"),  # likewise: 2^30 rounds
        PHPASS.replace("$P$9", "$P$."),
        PLAIN_BCRYPT[:28] + "9" + PLAIN_BCRYPT[29:],
        "$argon2id$v=19$m=65536,t=4,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/",
        "é" * 32,
        "\ud800" * 32,
        "\0" * 60,
    ],
    ids=ascii,
)
def test_anything_that_is_no_hash_is_no_match(stored):
    assert check_password("abc", stored) is False


@given(st.text(), st.text() | st.sampled_from([PHPASS, PLAIN_BCRYPT, MD5, f"$wp{PLAIN_BCRYPT}"]))
def test_no_password_and_no_hash_raises(password, stored):
    assert check_password(password, stored) in (True, False)


@given(st.binary(min_size=53, max_size=53), st.sampled_from(["$2y$04$", "$wp$2b$04$"]))
def test_no_bcrypt_salt_raises(noise, kind):
    alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    assert not check_password("abc", kind + "".join(alphabet[byte & 63] for byte in noise))


@given(st.text())
def test_slashes_are_added_as_wordpress_adds_them_and_can_be_taken_away_again(password):
    plain = password.replace("\0", "")
    assert re.sub(r"\\(.)", r"\1", as_posted(plain), flags=re.DOTALL) == plain


def test_what_a_form_posts_has_slashes():
    assert as_posted("a'b\"c\\d\0e") == "a\\'b\\\"c\\\\d\\0e"


HASH_AND_POST = """
$words = json_decode($args[0], true);
echo json_encode(array_map(fn($word) => [wp_hash_password(wp_slash($word)), addslashes($word)], $words));
"""
CHECK = """
echo json_encode(array_map(fn($pair) => wp_check_password(trim($pair[0]), $pair[1]), json_decode($args[0], true)));
"""
WORDS = ["plain", "  round  ", 'it\'s "quoted"', "pässwörd ✓ 密码", "back\\slash", "long" * 40]


every_wordpress = pytest.mark.parametrize("site", ["6.1", "6.8", "newest"], indirect=True)


@pytest.mark.wordpress
@every_wordpress
def test_a_real_wordpress_hashes_what_we_recognise(site):
    answers = json.loads(site.php(HASH_AND_POST, json.dumps(WORDS)))
    for word, (stored, slashed) in zip(WORDS, answers, strict=True):
        assert as_posted(word) == slashed
        assert check_password(slashed, stored), word
        assert not check_password(word + "x", stored)


@pytest.mark.wordpress
@every_wordpress
def test_a_real_wordpress_and_we_agree_on_every_pair(site):
    passwords = ["abc", "abd", " abc", "test12345", "a" * 72, "a" * 71, "a" * 4097, "correct horse", *WORDS]
    stored = [PLAIN_BCRYPT, LONG_BCRYPT, PHPASS, MD5, MD5.upper(), "", "*", HASHES[0][2]]
    if site.asked_version != "6.1":  # it knows no hashes of later versions
        stored.append(HASHES[5][2])
    pairs = [(password, one) for password in passwords for one in stored]
    theirs = json.loads(site.php(CHECK, json.dumps(pairs)))
    assert [check_password(*pair) for pair in pairs] == theirs
