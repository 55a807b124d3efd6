"""What BigQuery says, told as a refusal: the field or column first, then the way out.

Reasons are those of its error table (cloud.google.com/bigquery/docs/error-messages); a reason that is not known here is
still told in BigQuery's own words.
"""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from model.errors import DataError, KamadoError, Problem, SpecError

NO_CREDENTIALS = "Run `gcloud auth application-default login`, or let GOOGLE_APPLICATION_CREDENTIALS name a key file"


@contextlib.contextmanager
def told(project: str, location: str, limit: int) -> Iterator[None]:
    """Every error of the client inside becomes a DataError or SpecError."""
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError

    place = f"BigQuery project {project} in {location}"
    try:
        yield
    except GoogleAuthError as error:
        raise DataError(
            Problem(place, f"takes no credentials ({_first_line(error)})", NO_CREDENTIALS, "bigquery-credentials")
        ) from None
    except GoogleAPICallError as error:
        raise _refusal(error, place, limit) from None
    except (RetryError, OSError) as error:  # requests' errors of connection are OSErrors
        hint = "Look at the network, its proxy and BIGQUERY_EMULATOR_HOST, and run again"
        raise DataError(
            Problem(place, f"cannot be reached ({_first_line(error)})", hint, "bigquery-unreachable")
        ) from None


def too_many(limit: int, read: int | None) -> SpecError:
    """`read` is None where BigQuery only says that it is more."""
    found = f"is {limit:,} bytes, and the query would read {f'{read:,} bytes' if read is not None else 'more'}"
    hint = "Bound the partition column by @start and @end, select fewer columns, or raise it. LIMIT saves nothing"
    return SpecError(Problem("source.max_bytes_billed", found, hint, "query-too-large"))


def _refusal(error: Any, place: str, limit: int) -> KamadoError:
    first = dict((error.errors or [{}])[0])
    reason, words = first.get("reason", ""), _first_line(first.get("message") or error.message)
    match reason:
        case "bytesBilledLimitExceeded":
            return too_many(limit, None)
        case "notFound":
            return DataError(_absent(words, place))
        case "invalidQuery" | "invalid":
            return _query(words)
        case "accessDenied" | "billingNotEnabled" | "responseTooLarge" | "quotaExceeded" | "rateLimitExceeded":
            hint = "The account needs the roles BigQuery Job User and BigQuery Data Viewer, and quota"
            return DataError(Problem(place, f"refused the query ({words})", hint, "bigquery-denied"))
    return DataError(
        Problem(
            place,
            f"failed ({reason or type(error).__name__}: {words})",
            "Run again, or ask its operator",
            "bigquery-failed",
        )
    )


def _absent(words: str, place: str) -> Problem:
    if table := re.search(r"Table ([^\s:]+):([\w$-]+)\.([\w$*-]+)", words):
        found = f"is not in {place}"
        return Problem(
            f"table {table[2]}.{table[3]}",
            found,
            "Fix its name in the SQL, or the project and location",
            "table-missing",
        )
    return Problem(
        place,
        f"does not find something ({words})",
        "Fix its name in the SQL, or the project and location",
        "table-missing",
    )


def _query(words: str) -> KamadoError:
    line = re.search(r" at \[(\d+):\d+\]", words)
    at = f"SQL line {line[1]}" if line else "SQL"
    if column := re.search(r"Unrecognized name: ([\w.`]+)|Name (\w+) not found inside", words):
        near = re.search(r"Did you mean ([\w.`]+)\?", words)
        hint = f"Did you mean {near[1]}?" if near else f"Compare with the tables' columns; {at} asks for it"
        return DataError(
            Problem(f"SQL column {column[1] or column[2]}", "is in none of its tables", hint, "sql-name-unknown")
        )
    if "must be qualified with a dataset" in words:
        hint = "Write dataset.table, or name the dataset in the source as bigquery:PROJECT.DATASET@LOCATION"
        return SpecError(Problem(at, f"names a table without its dataset ({words})", hint, "table-without-dataset"))
    if parameter := re.search(r"Query parameter '(\w+)' not found", words):
        return DataError(
            Problem(
                f"SQL @{parameter[1]}",
                "has no value",
                "The window's @start and @end are; write others out",
                "sql-parameter-unknown",
            )
        )
    return SpecError(Problem(at, f"is refused by BigQuery ({words})", "Fix the query there", "sql-refused"))


def _first_line(error: object) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
