"""`gatepost evidence`: the files it writes and what it says."""

import json
import stat

import pytest

from tests.cli.selling import Selling


@pytest.fixture
def selling(tmp_path, processor):
    return Selling(tmp_path, processor)


def test_it_writes_the_three_files_for_the_owner_alone(selling, tmp_path):
    number = selling.order.uuid[:8]
    pdf, html, fields = (tmp_path / f"report.{kind}" for kind in ("pdf", "html", "json"))
    said = selling.did("evidence", number, "--pdf", str(pdf), "--html", str(html), "--json", str(fields))
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert "Evidence for a payment" in html.read_text()
    content = json.loads(fields.read_text())
    assert (content["order"], content["dispute"]) == (selling.order.uuid, None)
    assert content["files"] == {"uncategorized_file": "report.pdf"}
    assert content["evidence"]["customer_email_address"].endswith("@example.test")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (pdf, html, fields)} == {0o600}
    assert f"{pdf}: written" in said
    assert "Before you send it: No dispute over this order is known" in said


def test_it_writes_one_file_for_each_field_and_names_them(selling, tmp_path):
    folder, fields = tmp_path / "answer", tmp_path / "report.json"
    selling.did("evidence", selling.order.uuid, "--files", str(folder), "--json", str(fields))
    files = json.loads(fields.read_text())["files"]
    assert {"receipt": "receipt.pdf", "uncategorized_file": "uncategorized_file.pdf"}.items() <= files.items()
    assert {path.name for path in folder.iterdir()} == set(files.values())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_without_options_it_writes_a_pdf_named_after_the_order(selling, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    selling.did("evidence", selling.order.uuid)
    assert (tmp_path / f"evidence-{selling.order.uuid[:8]}.pdf").exists()


def test_a_place_that_cannot_be_written_and_an_unknown_order_are_one_sentence(selling, tmp_path):
    refused = selling.run("evidence", selling.order.uuid, "--pdf", str(tmp_path / "none" / "x.pdf"))
    assert refused.exit_code == 1
    assert "cannot be written" in refused.output
    unknown = selling.run("evidence", "du_unknown")
    assert (unknown.exit_code, "there is no order du_unknown" in unknown.output) == (1, True)
