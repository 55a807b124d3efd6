"""BigQuery's errors as problems: the field or column first, then what is wrong, then the hint.

Reasons are those of its error table (cloud.google.com/bigquery/docs/error-messages); for any other reason the problem
quotes BigQuery's message.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from components.extract.sources.bigquery.cost import too_large
from model.errors import DataError, KamadoError, Problem, SpecError

ROLES = "The account needs the roles BigQuery Job User and BigQuery Data Viewer"
BILLING = "Link a billing account to the project, or name another project in BIGQUERY"
QUOTA = "Wait, or have the project's quota raised; a run that is repeated does not pay twice"
NO_CREDENTIALS = "Run `gcloud auth application-default login`, or let GOOGLE_APPLICATION_CREDENTIALS name a key file"
PARTITION_FILTER = r"Cannot query over table '([^']+)' without a filter over column\(s\) '([^',]+)"


class SourceUnavailableError(DataError):
    """BigQuery does not answer, or refuses this account. The query is not at fault, and may succeed later."""

    final = False


@contextlib.contextmanager
def translate_errors(project: str, location: str, limit: int) -> Iterator[None]:
    """Every error of the client in the block becomes a DataError or SpecError. `location` is "" before it is known."""
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError

    where = _address(project, location)
    try:
        yield
    except GoogleAuthError as error:
        message = f"has no valid credentials ({_first_line(error)})"
        raise SourceUnavailableError(Problem(where, message, NO_CREDENTIALS, "bigquery-credentials")) from None
    except GoogleAPICallError as error:
        raise _translated(error, where, location, limit) from None
    except (RetryError, OSError) as error:  # requests' errors of connection are OSErrors
        hint = "Check the network and its proxy, and BIGQUERY_EMULATOR_HOST if it is set, and run again"
        message = f"cannot be reached ({_first_line(error)})"
        raise SourceUnavailableError(Problem(where, message, hint, "bigquery-unreachable")) from None


def _address(project: str, location: str) -> str:
    return f"BigQuery project {project}" + (f" in {location}" if location else "")


def _translated(error: Any, where: str, location: str, limit: int) -> KamadoError:
    reason, message = _reason(error)
    match reason:
        case "bytesBilledLimitExceeded":
            return too_large(limit, None)
        case "notFound":
            return DataError(_not_found(message, where, location))
        case "invalidQuery" | "invalid":
            return _query_error(message)
        case "responseTooLarge":
            return SpecError(_too_many_rows(message))
        case "authError" | "Unauthenticated":
            problem = f"has no valid credentials ({message})"
            return SourceUnavailableError(Problem(where, problem, NO_CREDENTIALS, "bigquery-credentials"))
        case "accessDenied" | "PermissionDenied" if re.search(r"bigquery\.(tables|datasets)\.(create|update)", message):
            hint = "The account needs the role BigQuery Data Editor on the dataset of source.materialize"
            return SourceUnavailableError(Problem(where, f"refused the table ({message})", hint, "bigquery-denied"))
        case "accessDenied" | "PermissionDenied" | "billingNotEnabled":
            hint = BILLING if reason == "billingNotEnabled" else ROLES
            return SourceUnavailableError(Problem(where, f"refused the request ({message})", hint, "bigquery-denied"))
        case "quotaExceeded" | "rateLimitExceeded" | "ResourceExhausted":
            return SourceUnavailableError(Problem(where, f"refused the query ({message})", QUOTA, "bigquery-quota"))
    failure = f"failed ({reason or type(error).__name__}: {message})"
    return SourceUnavailableError(Problem(where, failure, "Run again, or ask its operator", "bigquery-failed"))


def _reason(error: Any) -> tuple[str, str]:
    """Reason and message: REST has a reason for each error, gRPC has the class alone."""
    first = next(iter(error.errors or ()), None)
    if isinstance(first, Mapping):
        return str(first.get("reason", "")), _first_line(first.get("message") or error.message)
    name = type(error).__name__
    return {"NotFound": "notFound", "Forbidden": "PermissionDenied"}.get(name, name), _first_line(error.message)


def _too_many_rows(message: str) -> Problem:
    hint = "Name a dataset in source.materialize: a table of its own has no such limit. Or select fewer rows"
    return Problem(
        "SQL", f"returns more than BigQuery keeps without a table of its own ({message})", hint, "rows-too-many"
    )


def unbounded(label: str, column: str) -> Problem:
    """A table that would be read in all its partitions, by `column`."""
    problem = f"would be read in all its partitions: the query does not bound its partition column {column}"
    hint = f"Add WHERE {column} >= @start AND {column} < @end to the SELECT that names it"
    return Problem(label, problem, hint, "partition-unbounded")


def _short_name(table: str) -> str:
    """dataset.table of project.dataset.table or project:dataset.table."""
    return ".".join(re.split(r"[.:]", table.strip("`'"))[-2:])


def _not_found(message: str, where: str, location: str) -> Problem:
    hint = "Fix its name, or the project and location"
    if table := re.search(r"Table (\S+):([\w$-]+)\.([\w$*-]+)", message):
        name, home = f"table {table[2]}.{table[3]}", _address(table[1], location)
        return Problem(name, f"is not in {home}", hint, "table-missing")
    return Problem(where, f"answered that something does not exist ({message})", hint, "table-missing")


def _query_error(message: str) -> KamadoError:
    location = re.search(r" at \[(\d+):(\d+)\]", message)
    at = f"SQL line {location[1]} column {location[2]}" if location else "SQL"
    if column := re.search(r"Unrecognized name: ([\w.`]+)|Name (\w+) not found inside", message):
        near = re.search(r"Did you mean ([\w.`]+)\?", message)
        hint = f"Did you mean {near[1]}?" if near else "Compare with the tables' columns"
        name = f"{at}, column {column[1] or column[2]}"
        return DataError(Problem(name, "is in none of its tables", hint, "sql-name-unknown"))
    if partition := re.search(PARTITION_FILTER, message):
        return SpecError(unbounded(f"table {_short_name(partition[1])}", partition[2]))
    if "must be qualified with a dataset" in message:
        hint = "Write dataset.table, or name the dataset before the location: PROJECT.DATASET@LOCATION"
        return SpecError(Problem(at, f"names a table without its dataset ({message})", hint, "table-without-dataset"))
    if parameter := re.search(r"Query parameter '(\w+)' not found", message):
        hint = "Only @start and @end have values: write others as literals"
        return DataError(Problem(f"SQL @{parameter[1]}", "has no value", hint, "sql-parameter-unknown"))
    return SpecError(Problem(at, f"is refused by BigQuery ({message})", "Fix the query there", "sql-refused"))


def _first_line(error: object) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
