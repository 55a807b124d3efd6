"""What the clients raise, over REST and over gRPC, becomes a problem with a way out."""

import pytest
from google.api_core import exceptions
from google.auth.exceptions import RefreshError

from components.extract.sources.bigquery.errors import translate_errors
from model.errors import KamadoError

WHERE = "BigQuery project p in EU"


def rest(kind, reason, message):
    return kind(message, errors=[{"reason": reason, "message": message}])


@pytest.mark.parametrize(
    ("error", "code", "is_final", "text"),
    [
        (rest(exceptions.Forbidden, "quotaExceeded", "Quota exceeded"), "bigquery-quota", False, "not pay twice"),
        (exceptions.ResourceExhausted("Too many streams"), "bigquery-quota", False, "Too many streams"),
        (rest(exceptions.Unauthorized, "authError", "Invalid"), "bigquery-credentials", False, "gcloud auth"),
        (exceptions.Unauthenticated("token expired"), "bigquery-credentials", False, "token expired"),
        (RefreshError("no refresh token"), "bigquery-credentials", False, "no refresh token"),
        (rest(exceptions.Forbidden, "accessDenied", "Access Denied: Project p"), "bigquery-denied", False, "Job User"),
        (exceptions.PermissionDenied("no readsessions.getData"), "bigquery-denied", False, "getData"),
        (
            rest(exceptions.Forbidden, "accessDenied", "Permission bigquery.tables.create denied on dataset p:d"),
            "bigquery-denied", False, "BigQuery Data Editor on the dataset of source.materialize",
        ),
        (rest(exceptions.Forbidden, "responseTooLarge", "Too large"), "rows-too-many", True, "source.materialize"),
        (rest(exceptions.BadRequest, "bytesBilledLimitExceeded", "x"), "query-too-large", True, "would read more"),
        (
            rest(
                exceptions.BadRequest, "invalidQuery",
                "Cannot query over table 'p.logs.t' without a filter over column(s) 'day' that can be used for "
                "partition elimination",
            ),
            "partition-unbounded", True, "table logs.t: would be read in all its partitions",
        ),
        (exceptions.DeadlineExceeded("slow"), "bigquery-failed", False, "DeadlineExceeded: slow"),
        (ConnectionResetError("reset"), "bigquery-unreachable", False, "reset"),
    ],
)  # fmt: skip
def test_an_error_has_a_code_and_a_way_out(error, code, is_final, text):
    with pytest.raises(KamadoError) as raised, translate_errors("p", "EU", 100):
        raise error
    assert [problem.code for problem in raised.value.problems] == [code]
    assert raised.value.final is is_final
    assert text in str(raised.value)
