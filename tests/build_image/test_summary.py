"""The summary of a run, read as the page of Kubeflow shows it."""

import html.parser

import markdown_it
import pytest

from artifacts.extract import QueryCost
from artifacts.metrics import MetricsDocument, MetricTables
from artifacts.verdict import Refit
from components.build_image.markdown import code, text
from components.build_image.summary import summary
from tests.build_image.runs import EXTRACT, IMAGE, METRICS, failed, refusal, rejection, verdict

NOTHING = dict.fromkeys(("verdict", "metrics", "rejection", "extract", "image", "refusal"))
# With raw HTML, as the pages of older Kubeflow take it.
PAGE = markdown_it.MarkdownIt("commonmark", {"html": True}).enable("table")
HOSTILE = (
    "<img src=x onerror=alert(1)>", "**bold** _soft_ ~~gone~~ ==lit==", "[a](javascript:alert(1))", "![a](//b.c/d)",
    "a | b | c", "`code`", "# head", "- item", "1. item", "12) item", "+ item", "> quote", "&lt;b&gt; &amp;amp;",
    "http://a.b/c www.a.b a@b.c", "back \\ slash \\* star", "</p></div><script>alert(1)</script>", "```", "1K_2DK_3LDK",
    "===", "--- | ---", "間取り・和室",
)  # fmt: skip


class Shown(html.parser.HTMLParser):
    """The elements of a page by name, and its text by element."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.texts: list[str] = []
        self.feed(PAGE.render(markdown))

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.texts.append("")

    def handle_endtag(self, tag):
        self.texts.append("")

    def handle_data(self, data):
        self.texts.append(self.texts.pop() + data if self.texts else data)

    @property
    def lines(self) -> list[str]:
        return [line.strip() for line in self.texts if line.strip()]


def test_a_refit_is_said_to_be_another_model_than_the_one_of_the_numbers():
    metrics = {"log_loss_change": -0.0123, "level_ratio": 1.04, "order_agreement": 0.987}
    refit = Refit(
        bundle="sha256:" + "9" * 64, rows=123_456, conversions=789, until="2026-06-30T00:00:00Z", checked_on="test",
        metrics=metrics,
    )  # fmt: skip
    lines = Shown(of(verdict=verdict("promote").model_copy(update={"refit": refit}))).lines
    (sentence,) = [line for line in lines if "123,456 rows" in line]
    assert "The numbers are of the model that was judged" in sentence
    assert {"-1.23%", "1.040", "0.987"} <= set(lines)


def of(**documents):
    return summary(model="rent-conversion", **(NOTHING | documents))


class TestWhatIsShown:
    def test_a_promoted_model_with_its_numbers_rows_image_and_cost(self):
        written = of(
            verdict=verdict("promote"), metrics=METRICS, rejection=rejection(), extract=EXTRACT, image=IMAGE
        )  # fmt: skip
        lines = Shown(written).lines
        assert lines[:4] == ["promote", "Model", "rent-conversion", ". Every rule holds."]
        rows = lines[lines.index("AUC") :]
        assert rows[:3] == ["AUC", "0.7123", "0.6900 to 0.7300"]
        assert rows[3:5] == ["Conversions in the test", "1,234"]
        assert rows[5:8] == ["Gain over current order (% conversions)", "4.57", "1.01 to 8.12"]
        assert "120 of 20,000 rows (0.60 %; the budget is 5.00 %). 19,843 rows were kept." in lines
        assert {"rent: 120 rows (0.60 %)", "Copies of another row: 7"} <= set(lines)
        assert "never broken" not in written
        assert [IMAGE.reference, "Tag:", IMAGE.tag, "Digest:", IMAGE.digest] == lines[-7:-2]
        assert lines[-1] == "12,345,678,901 bytes billed (12.35 GB) for 20,000 rows."
        assert "No image" not in written

    def test_the_image_is_in_blocks_to_copy_from(self):
        blocks = [token.content for token in PAGE.parse(of(image=IMAGE)) if token.type == "fence"]
        assert blocks == [f"{IMAGE.reference}\n", f"{IMAGE.tag}\n", f"{IMAGE.digest}\n"]

    def test_an_image_that_was_there_before_says_so(self):
        assert "nothing was uploaded" not in of(image=IMAGE)
        assert "nothing was uploaded" in of(image=IMAGE.model_copy(update={"outcome": "unchanged"}))

    @pytest.mark.parametrize("outcome", ["hold", "reject", "insufficient-data", "invalid"])
    def test_another_verdict_has_the_rules_that_failed_and_their_bounds(self, outcome):
        reason = failed("beats champion", "Worse than the model in service: -3.00 % (-5.00 % to -1.00 %).")
        lines = Shown(of(verdict=verdict(outcome, reason))).lines
        assert lines[0] == outcome
        assert lines[3].endswith("No image was built.")
        assert lines[4:6] == ["Rules that do not hold: 1 of 2", "beats champion"]
        assert lines[6] == f": {reason.message} (bound: interval above 0)"

    def test_a_refusal_has_every_problem_with_its_way_out(self):
        problems = (("rows", "are 3", "Widen the window", "rows-few"), ("label", "is 2", "Use 0 and 1", "label-values"))
        lines = Shown(of(refusal=refusal(*problems), verdict=verdict("promote"))).lines
        assert lines[0] == "refused"
        assert lines[3:6] == [
            ". Step", "preprocess", ": the data was refused. The verdict before that was promote. No image was built.",
        ]  # fmt: skip
        assert lines[6:9] == ["Problems: 2", "rows", ": are 3. Widen the window (rows-few)"]
        assert lines[9:11] == ["label", ": is 2. Use 0 and 1 (label-values)"]

    def test_a_run_of_which_nothing_is_left_says_so(self):
        assert Shown(of()).lines[0] == "no verdict"
        assert "Numbers" not in of(metrics=MetricsDocument.of({}, MetricTables()))
        for nothing in (None, 0):
            assert "Cost" not in of(extract=EXTRACT.model_copy(update={"bytes_billed": nothing}))

    def test_a_query_has_its_price_and_its_job(self):
        cost = QueryCost(
            job_id="kamado-extract-0a", bytes_processed=12_345_000_000, bytes_billed=0, usd=0.0, usd_per_tib=6.25,
            cache_hit=True, reader="storage", table="shared.kamado_1b",
        )  # fmt: skip
        written = of(extract=EXTRACT.model_copy(update={"bytes_billed": 0, "query": cost}))
        lines = Shown(written).lines
        assert "0 bytes billed (0.00 GB) for 20,000 rows." in lines
        assert (
            "Estimated at 0.00 USD, at 6.25 USD per TiB on demand; 12,345,000,000 bytes processed, "
            "from the cache of BigQuery." in lines
        )
        blocks = [token.content for token in PAGE.parse(written) if token.type == "fence"]
        assert blocks == ["kamado-extract-0a\n", "shared.kamado_1b\n"]


class TestTextsOfOthers:
    @pytest.mark.parametrize("value", HOSTILE)
    def test_a_text_is_shown_as_it_is_and_makes_no_element(self, value):
        for frame in ("{}", "- {}", "- **a**: {}", "| a |\n| --- |\n| {} |"):
            plain, shown = Shown(frame.format("plain")), Shown(frame.format(text(value)))
            assert shown.elements == plain.elements
            assert shown.lines == [line.replace("plain", value) for line in plain.lines]

    def test_line_breaks_and_controls_do_not_begin_anything_new(self):
        assert text("a\n\n# b\x1b[2J") == r"a\\n\\n\# b\\x1b\[2J"
        assert text("a  b") == "a b"

    def test_every_text_of_a_run_is_escaped(self):
        value = HOSTILE[0]
        written = summary(
            model=value,
            verdict=verdict("hold", failed(value, value)),
            metrics=METRICS,
            rejection=rejection(value, (value,)),
            extract=EXTRACT,
            image=IMAGE,
            refusal=refusal((value,) * 4),
        )
        assert written.count(text(value)) == 9
        assert value not in written

    def test_a_block_of_code_cannot_be_left(self):
        (fence,) = PAGE.parse(code("a```b\n# c"))
        assert (fence.type, fence.content) == ("fence", "a```b\\n# c\n")
