"""PARSE_ and FORMAT_ functions: GoogleSQL's format elements (its reference "format elements") in DuckDB's SQL.

DuckDB's strptime accepts other blanks, digits and defaults. So a format becomes two patterns: a strict one, whose texts
both engines read alike, and a loose one, whose other texts BigQuery may read: those fail the query, also under SAFE. A
text that matches neither is not a time on both.
"""

import re
from collections.abc import Iterator

from sqlglot import exp

from components.extract.googlesql.type_families import DATE, DATETIME, TIME, TIMESTAMP
from model.sql import literal

PARSERS: dict[type[exp.Expr], str] = {
    exp.StrToDate: DATE, exp.ParseDatetime: DATETIME, exp.ParseTime: TIME, exp.StrToTime: TIMESTAMP,
}  # fmt: skip
_MONTHS = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
]  # fmt: skip
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_ELEMENT = re.compile(r"%(E[*0-9]S|E4Y|Ez|.)|(\s+)|([^%\s])", re.DOTALL)
# As sqlglot writes them -> as GoogleSQL does, and short forms expanded.
_EXPANDED = {
    "%S.%f": "%E6S", "%-d": "%e", "%R": "%H:%M", "%X": "%H:%M:%S", "%T": "%H:%M:%S", "%F": "%Y-%m-%d", "%h": "%b",
    "%E4Y": "%Y",
}  # fmt: skip


def _name_pattern(names: list[str]) -> str:
    return "(?i:" + "|".join(f"{name[:3]}(?:{name[3:]})?" if name[3:] else name for name in names) + ")"


# Element -> the field that it gives, and the pattern of its text. {w} is the least number of digits.
_DAY_ELEMENTS = {
    "Y": ("year", "[0-9]{4}"), "y": ("short_year", "[0-9]{2}"), "m": ("month", "[0-9]{{w},2}"),
    "b": ("month_name", _name_pattern(_MONTHS)), "B": ("month_name", _name_pattern(_MONTHS)),
    "d": ("day", "[0-9]{{w},2}"), "e": ("day", "[0-9]{{w},2}"),
    "a": ("weekday", _name_pattern(_WEEKDAYS)), "A": ("weekday", _name_pattern(_WEEKDAYS)),
}  # fmt: skip
_CLOCK_ELEMENTS = {
    "H": ("hour", "[0-9]{{w},2}"), "I": ("half_hour", "[0-9]{{w},2}"), "p": ("half", "(?i:am|pm)"),
    "P": ("half", "(?i:am|pm)"), "M": ("minute", "[0-9]{{w},2}"), "S": ("second", "[0-5]?[0-9]"),
    "E*S": ("second", r"[0-5]?[0-9](?:\.[0-9]{1,6})?"),
    **{f"E{digits}S": ("second", rf"[0-5]?[0-9](?:\.[0-9]{{1,{digits}}})?") for digits in range(1, 7)},
}  # fmt: skip
_ZONE_ELEMENTS = {"z": ("offset", "[+-][0-9]{2}:?[0-9]{2}"), "Ez": ("offset", "[+-][0-9]{2}:?[0-9]{2}")}
PARSE_ELEMENTS = {
    DATE: _DAY_ELEMENTS,
    TIME: _CLOCK_ELEMENTS,
    DATETIME: _DAY_ELEMENTS | _CLOCK_ELEMENTS,
    TIMESTAMP: _DAY_ELEMENTS | _CLOCK_ELEMENTS | _ZONE_ELEMENTS,
}
_SAME_IN_BOTH = "YmdHMSjaAbBuwGVyIpUW%"  # both engines write them alike
# Element -> DuckDB's SQL of its text; {x} is the moment.
_FORMAT_SQL = {
    "e": "lpad(CAST(day({x}) AS VARCHAR), 2, ' ')",
    "Q": "CAST(quarter({x}) AS VARCHAR)",
    "P": "lower(strftime({x}, '%p'))",
    "s": "CAST(bq_unix({x}, 1000000) AS VARCHAR)",
    "E*S": r"regexp_replace(strftime({x}, '%S.%f'), '\.?0+$', '')",
    **{f"E{digits}S": f"left(strftime({{x}}, '%S.%f'), {3 + digits})" for digits in range(1, 7)},
}
FORMAT_ELEMENTS = (*_SAME_IN_BOTH, *_FORMAT_SQL)


def elements(text: str) -> Iterator[tuple[str, str]]:
    """(element without its %, "") or ("", text) of a format, one after the other."""
    for before, after in _EXPANDED.items():
        text = text.replace(before, after)
    for element, blank, letter in _ELEMENT.findall(text):
        yield element, blank or letter


def refused_format(node: exp.Expr) -> str:
    """What to write in place of a format that the engines read or write in two ways; "" for other formats."""
    if not isinstance(node.args.get("format"), exp.Literal):
        return "The format must be a text literal"
    used = [element for element, _ in elements(node.args["format"].name) if element]
    kind = PARSERS.get(type(node))
    known = FORMAT_ELEMENTS if kind is None else (*PARSE_ELEMENTS[kind], "%")
    if unknown := [element for element in used if element not in known]:
        return f"Use other elements than %{', %'.join(unknown)}: {' '.join(f'%{element}' for element in known)}"
    if kind is not None and (
        hint := _field_conflict([PARSE_ELEMENTS[kind][element][0] for element in used if element != "%"])
    ):
        return hint
    return ""


def _field_conflict(fields: list[str]) -> str:
    pairs = [("year", "short_year"), ("month", "month_name"), ("hour", "half_hour")]
    if any(fields.count(field) > 1 for field in fields) or any(set(pair) <= set(fields) for pair in pairs):
        return "Name each part of the time once"
    if ("half_hour" in fields) != ("half" in fields):
        return "Use %I and %p together, or %H"
    return ""


def parse_function(node: exp.Expr, *, safe: bool) -> exp.Expr:
    """DuckDB's expression of a PARSE_ function; `safe` gives NULL where it fails."""
    kind = PARSERS[type(node)]
    strict, loose, fields = _patterns(node.args["format"].name, kind)
    text = exp.paren(node.this.copy())
    moment = _iso(text.sql(dialect="duckdb"), strict, fields)
    prefix = "bq_safe_" if safe else "bq_"
    patterns = [exp.Literal.string(strict), exp.Literal.string(loose)]
    with_offset = "offset" in fields
    name = f"{prefix}parse{'_offset' if with_offset else ''}"
    value: exp.Expr = exp.Anonymous(this=name, expressions=[text, *patterns, moment])
    if kind == TIMESTAMP and not with_offset:
        zone = node.args.get("zone")
        name = "timezone" if zone is None else "bq_moment"
        return exp.Anonymous(this=name, expressions=[zone.copy() if zone else exp.Literal.string("UTC"), value])
    return exp.cast(value, kind) if kind in (DATE, TIME) else value


def _patterns(text: str, kind: str) -> tuple[str, str, list[str]]:
    """The strict pattern with a group for each field, the loose one, and the fields in order."""
    strict, loose, fields = r"\s*", r"\s*", []
    tokens = [("", " "), *elements(text), ("", " ")]
    for before, (element, other), after in zip(tokens, tokens[1:-1], tokens[2:], strict=False):
        if not element or element == "%":
            part = r"\s*" if other.isspace() else re.escape(other or "%")
            strict, loose = strict + part, loose + part
            continue
        field, pattern = PARSE_ELEMENTS[kind][element]
        digits = "2" if _is_digits(before) or _is_digits(after) else "1"  # beside digits the end of a number is unclear
        strict += f"({pattern.replace('{w}', digits)})"
        loose += r"\s*[+-]?[0-9]+(?:\.[0-9]*)?" if "[0-9]" in pattern and field != "offset" else r"\s*\S+?"
        fields.append(field)
    return strict + r"\s*", loose + r"\s*", fields


def _is_digits(token: tuple[str, str]) -> bool:
    element, other = token
    return other.isdigit() or element in ("Y", "y", "m", "d", "e", "H", "I", "M", "S")


def _iso(text: str, strict: str, fields: list[str]) -> exp.Expr:
    """The text's fields as YYYY-MM-DD HH:MM:SS and its offset; NULL where one is out of its range."""
    pattern = strict.replace("'", "''")
    values = {field: f"regexp_extract({text}, '^{pattern}$', {group})" for group, field in enumerate(fields, 1)}
    names = ", ".join(f"'{month[:3]}'" for month in _MONTHS)
    if "short_year" in values:
        year = f"TRY_CAST({values['short_year']} AS INTEGER)"
        values["year"] = f"CAST({year} + CASE WHEN {year} < 69 THEN 2000 ELSE 1900 END AS VARCHAR)"
    if "month_name" in values:
        values["month"] = f"CAST(list_position([{names}], lower(left({values['month_name']}, 3))) AS VARCHAR)"
    if "half_hour" in values:
        half = f"TRY_CAST({values['half_hour']} AS INTEGER)"
        afternoon = f"CASE WHEN lower({values['half']}) = 'pm' THEN 12 ELSE 0 END"
        values["hour"] = f"CASE WHEN {half} BETWEEN 1 AND 12 THEN CAST({half} % 12 + {afternoon} AS VARCHAR) END"
    elif "hour" in values:
        values["hour"] = f"CASE WHEN TRY_CAST({values['hour']} AS INTEGER) < 24 THEN {values['hour']} END"
    day = " || '-' || ".join((values.get("year", "'1970'"), values.get("month", "'1'"), values.get("day", "'1'")))
    clock = " || ':' || ".join((values.get("hour", "'0'"), values.get("minute", "'0'"), values.get("second", "'0'")))
    offset = f" || left({values['offset']}, 3) || ':' || right({values['offset']}, 2)" if "offset" in values else ""
    return exp.maybe_parse(f"{day} || ' ' || {clock}{offset}", dialect="duckdb")


def format_function(node: exp.TimeToStr) -> exp.Expr:
    """DuckDB's expression of a FORMAT_ function."""
    text = node.args["format"].name
    moment = _moment(node).sql(dialect="duckdb")
    if any(element in ("Y", "G") for element, _ in elements(text.replace("%E4Y", ""))):
        moment = f"bq_four_digits({moment})"
    parts, directives = [], ""
    for element, other in elements(text):
        if element in _FORMAT_SQL:
            parts += [_strftime(moment, directives), _FORMAT_SQL[element].replace("{x}", moment)]
            directives = ""
        else:
            directives += f"%{element}" if element else other
    parts.append(_strftime(moment, directives))
    return exp.maybe_parse(" || ".join(filter(None, parts)) or f"strftime({moment}, '')", dialect="duckdb")


def _strftime(moment: str, directives: str) -> str:
    return f"strftime({moment}, {literal(directives)})" if directives else ""


def _moment(node: exp.TimeToStr) -> exp.Expr:
    """The argument as a DuckDB TIMESTAMP in the zone of the call."""
    value = node.this.this.copy()
    if isinstance(node.this, exp.TsOrDsToTime):
        day = exp.cast(exp.Literal.string("1970-01-01"), "DATE")
        return exp.paren(exp.Add(this=day, expression=value))
    if zone := node.args.get("zone"):
        return exp.Anonymous(this="timezone", expressions=[zone.copy(), value])
    return exp.cast(value, "DATE" if isinstance(node.this, exp.TsOrDsToDate) else "TIMESTAMP")
