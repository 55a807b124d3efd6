"""Tables of one day each, `events_*`: the rest of a table's name is the column _TABLE_SUFFIX, which no star has."""

from sqlglot import exp

from components.extract.googlesql.array_sources import source_name, sources

SUFFIX = "_TABLE_SUFFIX"


def is_wildcard(name: str) -> bool:
    return name.endswith("*")


def hide_suffixes(query: exp.Query) -> None:
    """Leaves, in place, _TABLE_SUFFIX out of every star; on files it is a column like any other."""
    for select in query.find_all(exp.Select):
        wildcards = {
            source_name(source).casefold()
            for source in sources(select)
            if isinstance(source, exp.Table) and is_wildcard(source.name)
        }
        for item in select.expressions if wildcards else []:
            star = item.this if isinstance(item, exp.Column) else item
            if isinstance(star, exp.Star) and (star is item or item.table.casefold() in wildcards):
                left_out = star.args.get("except_") or []
                if SUFFIX.casefold() not in (name.name.casefold() for name in left_out):
                    star.set("except_", [*left_out, exp.to_identifier(SUFFIX)])
