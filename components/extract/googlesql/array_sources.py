"""Arrays in FROM: UNNEST(a), and `FROM t, t.a`, which stands for it. Each gets the name of its elements."""

from collections.abc import Iterator
from itertools import count

from sqlglot import exp

DEFAULT_OFFSET = "offset"


def name_elements(query: exp.Query) -> None:
    """Makes, in place, every array of FROM an UNNEST whose elements have a name."""
    for select in query.find_all(exp.Select):
        for table in [source for source in sources(select) if isinstance(source, exp.Table)]:
            if (path := _array_path(table, select)) is not None:
                table.replace(path)
    for array in query.find_all(exp.Array):
        _name_tuples(array)
    numbers = count(1)
    for select in query.find_all(exp.Select):
        for unnest in unnests(select):
            if not element_of(unnest):
                name = exp.to_identifier(f"_element_{next(numbers)}")
                unnest.set("alias", exp.TableAlias(columns=[name]))


def _name_tuples(array: exp.Array) -> None:
    """[STRUCT(1 AS a), (2)]: the first element names the members of the others."""
    first = array.expressions[0] if array.expressions else None
    members = first.expressions if isinstance(first, exp.Struct) else []
    names = [member.name for member in members if isinstance(member, exp.PropertyEQ)]
    if first is None or not names or len(names) != len(first.expressions):
        return
    for other in array.expressions[1:]:
        if isinstance(other, exp.Tuple | exp.Struct) and len(other.expressions) == len(names):
            pairs = zip(other.expressions, names, strict=True)
            other.replace(exp.Struct(expressions=[_member(name, value) for value, name in pairs]))


def _member(name: str, value: exp.Expr) -> exp.PropertyEQ:
    inner = value.expression if isinstance(value, exp.PropertyEQ) else value
    return exp.PropertyEQ(this=exp.to_identifier(name), expression=inner.copy())


def sources(select: exp.Select) -> Iterator[exp.Expr]:
    """What stands in FROM and JOIN, in order."""
    if (source := select.args.get("from_")) is not None:
        yield source.this
    for join in select.args.get("joins") or []:
        yield join.this


def unnests(select: exp.Select) -> list[exp.Unnest]:
    return [source for source in sources(select) if isinstance(source, exp.Unnest)]


def element_of(unnest: exp.Unnest) -> str:
    """The name of its elements; "" where it has none."""
    alias = unnest.args.get("alias")
    if alias is None:
        return ""
    return str(alias.columns[0].name if alias.columns else alias.name)


def offset_of(unnest: exp.Unnest) -> str:
    """The name of its offsets; "" without WITH OFFSET."""
    offset = unnest.args.get("offset")
    return "" if not offset else offset.name if isinstance(offset, exp.Identifier) else DEFAULT_OFFSET


def source_name(source: exp.Expr) -> str:
    """By which columns of a table or subquery are qualified."""
    return element_of(source) if isinstance(source, exp.Unnest) else source.alias_or_name


def column_of(parts: list[exp.Expr]) -> exp.Expr:
    """a.b.c from its parts; those beyond the four of a column are members."""
    names = dict(zip(("this", "table", "db", "catalog"), reversed(parts[:4]), strict=False))
    column = exp.Column(**names)
    return exp.Dot.build([column, *parts[4:]]) if parts[4:] else column


def _array_path(table: exp.Table, select: exp.Select) -> exp.Unnest | None:
    """UNNEST(t.a) for t.a, where t is a table of this query or of one around it."""
    parts = table.parts
    if len(parts) < 2 or parts[0].name.casefold() not in _names_around(table, select):
        return None
    column = column_of([part.copy() for part in parts])
    alias = table.args.get("alias")
    name = alias.this.copy() if alias is not None else parts[-1].copy()
    return exp.Unnest(expressions=[column], alias=exp.TableAlias(columns=[name]))


def _names_around(table: exp.Table, select: exp.Select) -> set[str]:
    names = set()
    around: exp.Expr | None = select
    while around is not None:
        if isinstance(around, exp.Select):
            names |= {source_name(source).casefold() for source in sources(around) if source is not table}
        around = around.parent
    return names
