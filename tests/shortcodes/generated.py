"""Texts for comparing with WordPress: dense in everything the grammar cares about, the same ones each time."""

from __future__ import annotations

from random import Random

NAMES = [
    ["t"],
    ["t", "u", "v"],
    ["a", "a.b", "a-b", "ab"],
    ["a.b", "a"],
    ["é", "t'", 't"', "t:u", "*", "T"],
    ["t", "t t", "", " ", "t=", "<t>", "u", "t"],
    ["7", "0", "-5", "t"],
    [],
]
"""In order of registration; some are refused."""

PIECES = [
    *"[[[[[[]]]]]]///=\"\"''<> \t\n\v\f\r\\x",
    *[
        "[t",
        "[t]",
        "[/t]",
        "[u]",
        "[/u]",
        "[a",
        "[a.b]",
        "[/a]",
        "[a-b",
        "[é]",
        "[/é]",
        "[7]",
        "[/7]",
        "[*",
        "[T]",
    ],
    *[
        "[[t]",
        "]]",
        "/]",
        " /]",
        "[t/]",
        "[t /]",
        "[t a=http://x/]",
        "[v",
        "[v x=1]",
        "[/v]",
        "[ab]",
        "[0]",
        "[-5 ",
    ],
    *['a="b"', "a='b'", "a=b", "a = 'b c'", 'A="1"', "a=", "=b", '"pos"', "'pos'", "pos", '""', "''", 'a=""'],
    *[
        "0=x",
        "0='x'",
        "1=x",
        "01=x",
        "-5=x",
        "-0=x",
        "7='y'",
        "9223372036854775000=z",
        "9223372036854775808=z",
    ],
    *["a-b_c=d", "a.b=c", 'x="1"y="2"', "x=1'2", "a=“b c”", "a=b\u00a0c", "\u200b", "\u3000", "é=1", "x=é"],
    *[
        'x="\\n\\t\\x41\\101\\q\\"',
        "x='\\\\'",
        "\\",
        "\\xe9",
        "\\777",
        "\\0",
        'x="<b>"',
        'x="<b"',
        "x=1<2",
        "x='a>b'",
    ],
    *["text", " more ", "é", "$1", "&", "&amp;", "\x00", "\x85", "\udcff", "\udcc3"],
]


def texts(count: int, seed: int) -> list[tuple[list[str], str]]:
    """(names, text): up to thirty pieces glued together; bytes that are no UTF-8 are surrogates."""
    random = Random(seed)
    made = []
    for _ in range(count):
        names = random.choice(NAMES)
        pieces = random.choices(PIECES, k=random.randint(1, 30))
        pieces += [f"[{name} " for name in names if random.random() < 0.3]
        random.shuffle(pieces)
        glue = random.choice(["", "", " "])
        made.append((names, glue.join(pieces)))
    return made


def own_texts(count: int, names: tuple[str, ...], seed: int) -> list[str]:
    """Our own tags where their grammar is WordPress's: nested in each other, never in themselves; no HTML."""
    random = Random(seed)
    return ["".join(_own(random, names, 3) for _ in range(random.randint(1, 6))) for _ in range(count)]


_INERT = [piece for piece in PIECES if not set(piece) & set("[]<")]


def _own(random: Random, names: tuple[str, ...], depth: int) -> str:
    text = "".join(random.choices(_INERT, k=2))
    if depth == 0 or random.random() < 0.3:
        return text
    name = random.choice(names)
    attributes = " " + "".join(random.choices(_INERT, k=random.randint(0, 4))).rstrip("/")
    content = "".join(
        _own(random, tuple(other for other in names if other != name), depth - 1) for _ in range(2)
    )
    tag = f"[{name}{attributes}/]" if random.random() < 0.3 else f"[{name}{attributes}]{content}[/{name}]"
    before, after = random.choice([("", ""), ("", ""), ("[", "]"), ("[", ""), ("", "]")])
    return f"{text}{before}{tag}{after}"


_ATTRIBUTES = [piece for piece in PIECES if "=" in piece and not set(piece) & set("[]<>")] + [
    "/",
    " ",
    "\n",
    "pos",
    "\u200b",
]


def attribute_texts(count: int, seed: int) -> list[str]:
    """What may stand between a tag's name and its bracket; seldom without a name."""
    random = Random(seed)
    made = []
    for _ in range(count):
        pieces = random.choices(_ATTRIBUTES, k=random.randint(1, 4))
        made.append(random.choice([" ", " ", "  "]).join(pieces).rstrip("/"))
    return made
