import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from lerecord.hub.markdown import Markdown, code, table, written, yaml_string
from lerecord.printable import shown

RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
PUNCTUATION = st.text("`|\\*_<>[]()!&#~-=a1 \n:/")


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("Grab the box", "Grab the box"),
        ("Push it (twice), 50 % slower!", "Push it (twice), 50 % slower!"),
        ("shoulder_pan.pos", "shoulder_pan.pos"),
        ("Schachtel auf die 箱", "Schachtel auf die 箱"),
        ("two\nlines", "two lines"),
        ("<b>bold</b>", "`<b>bold</b>`"),
        ("![](https://x.org/a.png)", "`![](https://x.org/a.png)`"),
        ("__init__", "`__init__`"),
        ("see www.x.org", "`see www.x.org`"),
        ("a `tick`", "`` a `tick` ``"),
        ("\x1b[2J", r"`\x1b[2J`"),
        ("&lt;", "`&lt;`"),
        (3, "3"),
        ("", ""),
    ],
)
def test_words_stay_and_what_means_something_is_code(text: object, markdown: str) -> None:
    assert written(text) == markdown
    assert written(Markdown(text)) == str(text)


@given(st.one_of(st.text(), PUNCTUATION))
@example("x\\|<script>alert(1)</script>|`|[a](b)")
@example("`\\``\\|`")
def test_a_cell_shows_the_text_and_nothing_else(text: str) -> None:
    tokens = RENDERER.parse(table(("a", "b"), [(text, 1), (code(text), 2)]))
    cells = [token for token in tokens if token.type == "inline"]
    assert len(cells) == 6
    line = shown(" ".join(text.split()))
    for cell in (cells[2], cells[4]):
        kinds = [(child.type, child.content) for child in cell.children or ()]
        assert {kind for kind, _ in kinds} <= {"text", "code_inline"}
        content = "".join(content for _, content in kinds)
        assert content.replace("\\ |", "\\|") == line.replace("\\ |", "\\|")


@given(st.text(st.characters(categories=None)))
def test_a_yaml_string_is_read_as_what_is_shown(text: str) -> None:
    yaml = pytest.importorskip("yaml")  # of huggingface_hub
    assert yaml.safe_load(f"tags:\n- {yaml_string(text)}\n") == {"tags": [shown(text)]}
