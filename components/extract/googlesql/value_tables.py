"""Members of STRUCTs as columns: UNNEST of an array of STRUCTs is a table whose columns are their members.

GoogleSQL finds `key` in FROM UNNEST(event_params), also without an alias (query-syntax reference, "value tables").
DuckDB knows only the element, so every such name gets the element before it, and stars become lists of names.
"""

from collections.abc import Iterator, Mapping

from sqlglot import exp

from components.extract.googlesql.annotation import AnnotatedQuery, ColumnTypes
from components.extract.googlesql.array_sources import column_of, element_of, offset_of, source_name, sources, unnests
from components.extract.googlesql.messages import location_of, outside_subset
from components.extract.googlesql.table_suffix import is_wildcard
from components.extract.googlesql.type_families import STRUCT, family_of
from model.errors import DataError, Problem

Members = dict[str, str]
"""Name in lower case -> as written."""


def name_members(query: exp.Query, columns: Mapping[tuple[str, str], ColumnTypes]) -> None:
    """Changes the query in place. Raises DataError for a name that is a member and a column as well."""
    selects = [select for select in query.find_all(exp.Select) if unnests(select)]
    if not selects:
        return
    annotated = AnnotatedQuery(query, columns, strict=False)
    members = dict(_members(annotated))
    known = annotated.columns_of_sources()
    for select in selects:
        structs = [unnest for unnest in unnests(select) if id(unnest) in members]
        if structs:
            for column in list(select.find_all(exp.Column)):
                _qualify(column, select, {element_of(unnest): members[id(unnest)] for unnest in structs}, known)
            _expand_stars(select, members)


def _members(annotated: AnnotatedQuery) -> Iterator[tuple[int, Members]]:
    for node in annotated.resolved.find_all(exp.Unnest):
        original = annotated.original(node)
        if original is not None and node.type is not None and family_of(node.type) == STRUCT:
            yield id(original), {member.name.casefold(): member.name for member in node.type.expressions}


def _qualify(column: exp.Column, owner: exp.Select, structs: dict[str, Members], known: dict[int, set[str]]) -> None:
    """Puts the element before the name of its member."""
    if isinstance(column.this, exp.Star):
        return
    first = column.parts[0].name.casefold()
    elements = [element for element, members in structs.items() if first in members]
    if not elements or _is_nearer(first, column, owner, known) or _is_output_key(column, owner):
        return
    others = [source for source in sources(owner) if not isinstance(source, exp.Unnest)]
    names = {source_name(source).casefold() for source in sources(owner)}
    taken = first in names if column.table else any(first in known.get(id(source), set()) for source in others)
    if taken and column.table:
        return  # an alias of FROM goes before a member
    if taken or len(elements) > 1:
        where, hint = f"{location_of(column)}, column {column.parts[0].name}", "Write its table's alias before it"
        raise DataError(Problem(where, "is in more than one of its tables", hint, "sql-name-ambiguous"))
    parts: list[exp.Expr] = [exp.to_identifier(elements[0]), *(part.copy() for part in column.parts)]
    column.replace(column_of(parts))


def _is_nearer(name: str, column: exp.Column, owner: exp.Select, known: dict[int, set[str]]) -> bool:
    """A query between the column and `owner` has the name."""
    around = column.find_ancestor(exp.Select)
    while around is not None and around is not owner:
        for source in sources(around):
            if name == source_name(source).casefold() or name in known.get(id(source), set()):
                return True
        around = around.find_ancestor(exp.Select)
    return False


def _is_output_key(column: exp.Column, owner: exp.Select) -> bool:
    """A whole key of ORDER BY that is a name of the SELECT list."""
    key = column.parent
    if column.table or owner.args.get("kind") == "STRUCT":
        return False
    if not isinstance(key, exp.Ordered) or key.parent is not owner.args.get("order"):
        return False
    return column.name.casefold() in (name.casefold() for name in owner.named_selects)


def _expand_stars(select: exp.Select, members: dict[int, Members]) -> None:
    """* and e.* as lists of names."""
    items: list[exp.Expr] = []
    for item in select.expressions:
        table = item.table if isinstance(item, exp.Column) and isinstance(item.this, exp.Star) else None
        if table is None and not isinstance(item, exp.Star):
            items.append(item)
            continue
        star = item if isinstance(item, exp.Star) else item.this
        for source in sources(select):
            if table is None or table.casefold() == source_name(source).casefold():
                items += _listed(source, star, members)
    select.set("expressions", items)


def _listed(source: exp.Expr, star: exp.Star, members: dict[int, Members]) -> list[exp.Expr]:
    if not isinstance(source, exp.Unnest):
        return [exp.Column(this=star.copy(), table=exp.to_identifier(source_name(source)))]
    element, offset = element_of(source), offset_of(source)
    names = members.get(id(source), {}).values()
    columns: list[exp.Expr] = [exp.alias_(exp.column(name, element), name) for name in names]
    return (columns or [exp.column(element)]) + ([exp.column(offset)] if offset else [])


def refused_stars(query: exp.Query) -> Iterator[Problem]:
    """A star with EXCEPT or REPLACE over an array of FROM, and one over a subquery without a name beside it."""
    for select in query.find_all(exp.Select):
        if unnests(select):
            for star in select.expressions:
                inner = star.this if isinstance(star, exp.Column) else star
                if isinstance(inner, exp.Star) and _is_unclear(select, inner):
                    yield outside_subset(star, "Name the columns: a star over UNNEST is not read on files")


def _is_unclear(select: exp.Select, star: exp.Star) -> bool:
    if any(isinstance(source, exp.Table) and is_wildcard(source.name) for source in sources(select)):
        return True
    using = any(join.args.get("using") for join in select.args.get("joins") or [])
    return using or any(star.args.values()) or "" in map(source_name, sources(select))
