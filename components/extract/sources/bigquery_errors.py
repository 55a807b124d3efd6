"""BigQuery's errors as problems: the field or column first, then what is wrong, then the hint.

Reasons are those of its error table (cloud.google.com/bigquery/docs/error-messages); for any other reason the problem
quotes BigQuery's message.
"""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from model.errors import DataError, KamadoError, Problem, SpecError

NO_CREDENTIALS = "Run `gcloud auth application-default login`, or let GOOGLE_APPLICATION_CREDENTIALS name a key file"


class SourceUnavailableError(DataError):
    """BigQuery does not answer, or refuses this account. The query is not at fault, and may succeed later."""

    final = False


@contextlib.contextmanager
def translate_errors(project: str, location: str, limit: int) -> Iterator[None]:
    """Every error of the client in the block becomes a DataError or SpecError."""
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError

    where = f"BigQuery project {project} in {location}"
    try:
        yield
    except GoogleAuthError as error:
        message = f"has no valid credentials ({_first_line(error)})"
        raise SourceUnavailableError(Problem(where, message, NO_CREDENTIALS, "bigquery-credentials")) from None
    except GoogleAPICallError as error:
        raise _translated(error, where, limit) from None
    except (RetryError, OSError) as error:  # requests' errors of connection are OSErrors
        hint = "Check the network, its proxy and BIGQUERY_EMULATOR_HOST, and run again"
        message = f"cannot be reached ({_first_line(error)})"
        raise SourceUnavailableError(Problem(where, message, hint, "bigquery-unreachable")) from None


def too_large(limit: int, read: int | None) -> SpecError:
    """`read` is None where BigQuery does not report how many bytes."""
    message = f"is {limit:,} bytes, and the query would read {f'{read:,} bytes' if read is not None else 'more'}"
    hint = "Bound the partition column by @start and @end, select fewer columns, or raise it. LIMIT saves no bytes"
    return SpecError(Problem("source.max_bytes_billed", message, hint, "query-too-large"))


def _translated(error: Any, where: str, limit: int) -> KamadoError:
    first = dict((error.errors or [{}])[0])
    reason, message = first.get("reason", ""), _first_line(first.get("message") or error.message)
    match reason:
        case "bytesBilledLimitExceeded":
            return too_large(limit, None)
        case "notFound":
            return DataError(_not_found(message, where))
        case "invalidQuery" | "invalid":
            return _query_error(message)
        case "accessDenied" | "billingNotEnabled" | "responseTooLarge" | "quotaExceeded" | "rateLimitExceeded":
            hint = "The account needs the roles BigQuery Job User and BigQuery Data Viewer, and quota"
            return SourceUnavailableError(Problem(where, f"refused the query ({message})", hint, "bigquery-denied"))
    failure = f"failed ({reason or type(error).__name__}: {message})"
    return SourceUnavailableError(Problem(where, failure, "Run again, or ask its operator", "bigquery-failed"))


def _not_found(message: str, where: str) -> Problem:
    hint = "Fix its name in the SQL, or the project and location"
    if table := re.search(r"Table ([^\s:]+):([\w$-]+)\.([\w$*-]+)", message):
        return Problem(f"table {table[2]}.{table[3]}", f"is not in {where}", hint, "table-missing")
    return Problem(where, f"answered that something does not exist ({message})", hint, "table-missing")


def _query_error(message: str) -> KamadoError:
    line = re.search(r" at \[(\d+):\d+\]", message)
    at = f"SQL line {line[1]}" if line else "SQL"
    if column := re.search(r"Unrecognized name: ([\w.`]+)|Name (\w+) not found inside", message):
        near = re.search(r"Did you mean ([\w.`]+)\?", message)
        hint = f"Did you mean {near[1]}?" if near else f"Compare with the tables' columns; {at} uses it"
        return DataError(
            Problem(f"SQL column {column[1] or column[2]}", "is in none of its tables", hint, "sql-name-unknown")
        )
    if "must be qualified with a dataset" in message:
        hint = "Write dataset.table, or name the dataset in the source as bigquery:PROJECT.DATASET@LOCATION"
        return SpecError(Problem(at, f"names a table without its dataset ({message})", hint, "table-without-dataset"))
    if parameter := re.search(r"Query parameter '(\w+)' not found", message):
        hint = "Only @start and @end have values: write others as literals"
        return DataError(Problem(f"SQL @{parameter[1]}", "has no value", hint, "sql-parameter-unknown"))
    return SpecError(Problem(at, f"is refused by BigQuery ({message})", "Fix the query there", "sql-refused"))


def _first_line(error: object) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
