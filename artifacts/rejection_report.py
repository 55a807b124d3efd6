"""rejections.json: what preprocess set aside, by rule, with examples."""

from typing import ClassVar, Literal

from pydantic import Field

from artifacts.document import Document, Section


class RejectedByRule(Section):
    """A rule of the spec, or the rule that a column can be read. A row is counted under every rule that it breaks."""

    name: str
    kind: Literal["rule", "unreadable"]
    expression: str | None
    min: float | None
    max: float | None
    rejected: int = Field(ge=0)
    share: float = Field(ge=0, le=1)
    examples: tuple[dict[str, str | None], ...] = Field(description="rows by column name, as text")


class NotFiniteCounts(Section):
    """Rows of one column. NaN is read as missing."""

    nan: int = Field(ge=0)
    infinite: int = Field(ge=0)


class RejectionReport(Document):
    """The rejected rows themselves are in rejected.parquet beside it."""

    FILE: ClassVar[str] = "rejections.json"
    STEP: ClassVar[str] = "preprocess"

    format: Literal[1] = 1
    rows_in: int = Field(ge=0, description="as extract wrote them")
    rejected_rows: int = Field(ge=0)
    rejected_share: float = Field(ge=0, le=1)
    budget: float = Field(description="the largest share of rejected rows that the spec allows")
    rules: tuple[RejectedByRule, ...]
    key: tuple[str, ...] = Field(description="the columns that identify a row; empty where nothing does")
    key_is_declared: bool
    duplicates: int = Field(ge=0, description="rows removed as copies of another row by the key")
    duplicates_share: float = Field(ge=0, le=1)
    copies_budget: float = Field(description="the largest share of copies that the spec allows")
    equal_rows_kept: int = Field(ge=0, description="rows that equal another row and stay, because no key is known")
    immature: int = Field(ge=0, description="rows too young for their conversions, not used")
    rows_kept: int = Field(ge=0, description="rows that were divided into splits")
    not_finite: dict[str, NotFiniteCounts] = Field(description="columns with NaN or infinity")
    warnings: tuple[str, ...]

    def facts(self) -> dict[str, int | float]:
        """The few that a person looks for in the artifact's metadata."""
        return {"rows_in": self.rows_in, "rejected_rows": self.rejected_rows, "rejected_share": self.rejected_share}
