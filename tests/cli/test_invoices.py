"""`gatepost invoices`: the list, one as a file, a month for the accountant, another series."""

import csv
import io
import stat

import pytest

from tests.cli.selling import Selling


@pytest.fixture
def club(tmp_path, processor):
    return Selling(tmp_path, processor)


def test_invoices_are_listed_exported_and_written_once_the_seller_is_known(club, tmp_path):
    line = club.did("invoices", "list").splitlines()[1]
    number, day = line.split()[:2]
    assert "19.00 EUR" in line
    [row] = csv.DictReader(io.StringIO(club.did("invoices", "export", day[:7])))
    assert (row["number"], row["gross"], row["kind"]) == (number, "19.00", "invoice")
    refused = club.run("invoices", "show", number, "--pdf", str(tmp_path / "x.pdf"))
    assert (refused.exit_code, "[invoices]" in refused.stderr) == (1, True)
    assert not (tmp_path / "x.pdf").exists()
    club.there.config_path.write_text(
        f'{club.there.config_path.read_text()}\n[invoices]\nseller_name = "Atelier"\n'
    )
    (tmp_path / "x.html").touch(mode=0o644)  # it was there, for everybody to read
    club.did(
        "invoices",
        "show",
        number.lower(),
        "--pdf",
        str(tmp_path / "x.pdf"),
        "--html",
        str(tmp_path / "x.html"),
    )
    assert (tmp_path / "x.pdf").read_bytes().startswith(b"%PDF-")
    assert "Atelier" in (tmp_path / "x.html").read_text()
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("x.pdf", "x.html")}
    assert modes == {0o600}


def test_what_is_none_is_one_line(club):
    for arguments in (
        ("show", "12345-000001"),
        ("show", "nonsense"),
        ("export", "june"),
        ("list", "--month", "6"),
    ):
        result = club.run("invoices", *arguments)
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1)


def test_another_series_is_opened_and_nothing_is_missing(club):
    assert "Numbers go on in series" in club.did("invoices", "open-series")
    assert "0 invoices were issued." in club.did("invoices", "issue-missing")
