from shortcodes import REGISTRY
from shortcodes.reference import PAGE, reference


def test_the_reference_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run python -m shortcodes.reference"


def test_the_reference_has_every_tag_and_every_attribute() -> None:
    for tag in REGISTRY.values():
        section = reference().partition(f"## {tag.name}\n")[2].partition("\n## ")[0]
        assert tag.summary in section
        assert all(f"`{attribute.name}`" in section for attribute in tag.attributes)
