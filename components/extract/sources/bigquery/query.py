"""A query over a window, as BigQuery gets it."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from components.extract.googlesql.parse import parameters
from components.extract.sources.bigquery.client import Connection
from components.extract.window import Window


@dataclass(frozen=True)
class Query:
    """`dataset` is that of tables which the SQL names without one."""

    sql: str
    window: Window
    dataset: str | None

    def config(self, connection: Connection, **options: Any) -> Any:
        """google-cloud-bigquery's QueryJobConfig with these options."""
        from google.cloud.bigquery import QueryJobConfig, ScalarQueryParameter

        values = [ScalarQueryParameter(name, "TIMESTAMP", value) for name, value in self._values()]
        if self.dataset:
            options["default_dataset"] = f"{connection.project}.{self.dataset}"
        return QueryJobConfig(query_parameters=values, **options)

    def digest(self, *more: str) -> str:
        """32 hexadecimal digits: of another SQL, window, dataset or `more`, others."""
        values = [(name, value.isoformat() if value else None) for name, value in self._values()]
        text = json.dumps([self.sql, values, self.dataset, *more])
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def _values(self) -> list[tuple[str, datetime | None]]:
        bounds: dict[str, datetime | None] = {"start": self.window.start, "end": self.window.end}
        return [(name, bounds[name]) for name in sorted(parameters(self.sql) & bounds.keys())]
