"""Which columns are the list, the item, the user, the position and the exploration flag, by name and by content."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipelines.new_model.names import words_of
from pipelines.new_model.profile import ColumnProfile, Profile

LISTS = frozenset({"list", "search", "srch", "query", "page", "pageview", "request", "serp", "session", "visit"})
ITEMS = frozenset(
    {"item", "listing", "product", "prop", "property", "article", "ad", "hotel", "offer", "sku", "apartment", "doc"}
)
USERS = frozenset({"user", "customer", "visitor", "client", "member", "person", "account", "subscriber", "guest"})
POSITIONS = frozenset({"position", "rank", "place", "slot"})
EXPLORES = frozenset({"explore", "exploration", "random", "randomised", "randomized"})
LOGGED = frozenset({"propensity", "policy"})
IDS = frozenset({"id", "key", "uuid", "guid", "hash"})
OLD_ORDER = "describes how the old order was made, which is not known for a new page"
REPEATS = 2.0  # rows that a repeating id has on average
MOST_LIST = 1_000  # rows of a list page
FEW = 50  # different values up to which an id without a role is a code
OWN_VALUE = 0.9  # different values per row, estimated, of an id that may identify the row
GROUPS = 20  # different values from which whole groups can be split


@dataclass(frozen=True)
class Roles:
    """Column by role, other ids, and why a column with the name of a role does not have it."""

    by_role: Mapping[str, str]
    ids: tuple[str, ...]
    reasons: Mapping[str, str] = field(default_factory=dict)

    def of_rows(self, profile: Profile) -> list[str]:
        """Ids that seem to identify a row."""
        named = (*self.ids, *(self.by_role[role] for role in ("user", "item") if role in self.by_role))
        return [name for name in named if profile.columns[name].distinct >= OWN_VALUE * profile.rows]

    def groups(self, profile: Profile) -> list[str]:
        """Ids that repeat, the user first: their rows may have to stay on one side of a split."""
        named = [self.by_role[role] for role in ("user", "list", "item") if role in self.by_role]
        return [name for name in dict.fromkeys((*named, *self.ids)) if repeats(profile.columns[name])]


def repeats(column: ColumnProfile) -> bool:
    return column.present >= REPEATS * column.distinct and column.distinct >= GROUPS


def find_roles(profile: Profile) -> Roles:
    """All roles but the time, which TableReader.time finds."""
    ids = [column for column in profile.columns.values() if _is_id(column)]
    by_role: dict[str, str] = {}
    for role, words, fits in (("list", LISTS, _is_list), ("user", USERS, _is_complete), ("item", ITEMS, _is_complete)):
        if named := next((column for column in ids if _identifies(column, words) and fits(column, profile.rows)), None):
            by_role[role] = named.name
    reasons: dict[str, str] = {}
    if position := next((column for column in profile.columns.values() if _is_position(column)), None):
        if reason := _position_problem(position, profile.rows, "list" in by_role):
            reasons[position.name] = reason
        else:
            by_role["position"] = position.name
    explore = next((column for column in profile.columns.values() if _is_explore(column, profile.rows)), None)
    if explore and "position" in by_role:
        by_role["explore"] = explore.name
    elif explore:
        reasons[explore.name] = OLD_ORDER
    reasons |= {column.name: OLD_ORDER for column in profile.columns.values() if _has_word(column, LOGGED)}
    other_ids = (column for column in ids if column.name not in by_role.values() and column.distinct > FEW)
    return Roles(by_role, tuple(column.name for column in other_ids), reasons)


def _is_id(column: ColumnProfile) -> bool:
    """By its name; only whole numbers and texts."""
    words = words_of(column.name)
    return bool(words) and words[-1] in IDS and column.kind in ("INT64", "STRING")


def _identifies(column: ColumnProfile, words: frozenset[str]) -> bool:
    """user_id and rental_user_id, but not user_country_id."""
    return bool(set(words_of(column.name)[-2:-1]) & words)


def _has_word(column: ColumnProfile, words: frozenset[str]) -> bool:
    return bool(words & set(words_of(column.name)))


def _is_complete(column: ColumnProfile, rows: int) -> bool:
    return column.present == rows


def _is_list(column: ColumnProfile, rows: int) -> bool:
    return _is_complete(column, rows) and column.distinct * REPEATS <= rows <= column.distinct * MOST_LIST


def _is_position(column: ColumnProfile) -> bool:
    words = words_of(column.name)
    return column.kind == "INT64" and bool(words) and words[-1] in POSITIONS


def _position_problem(column: ColumnProfile, rows: int, has_list: bool) -> str:
    """Why the column cannot be the position; "" when it can."""
    if not has_list:
        return "is the position of an item, and the table has no id of the list: position bias cannot be corrected"
    if column.present < rows:
        return f"is the position of an item, and is missing in {rows - column.present:,} rows"
    if column.low is None or column.low < 1:
        return "is the position of an item, and does not start at 1"
    return "is the same in every row" if column.low == column.high else ""


def _is_explore(column: ColumnProfile, rows: int) -> bool:
    flag = column.kind == "BOOL" or (column.kind == "INT64" and (column.low, column.high) == (0, 1))
    return flag and column.present == rows and column.distinct == 2 and _has_word(column, EXPLORES)
