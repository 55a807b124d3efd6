"""The tables of the corpus: an export of GA4, the logs of a ranking, a shop as dbt projects have it, public data.

They are small, so that the answers beside the queries can be derived by hand.
"""

from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

TEXT, WHOLE, REAL = pa.string(), pa.int64(), pa.float64()
MOMENT, NAIVE = pa.timestamp("us", tz="UTC"), pa.timestamp("us")
VALUE = pa.struct({"string_value": TEXT, "int_value": WHOLE, "float_value": REAL, "double_value": REAL})
ITEM = pa.struct(
    {"item_id": TEXT, "item_name": TEXT, "item_category": TEXT, "price": REAL, "quantity": WHOLE, "item_revenue": REAL}
)
EVENTS = pa.schema(
    {
        "event_date": TEXT,
        "event_timestamp": WHOLE,
        "event_name": TEXT,
        "event_params": pa.list_(pa.struct({"key": TEXT, "value": VALUE})),
        "user_pseudo_id": TEXT,
        "device": pa.struct({"category": TEXT}),
        "geo": pa.struct({"country": TEXT}),
        "traffic_source": pa.struct({"source": TEXT, "medium": TEXT}),
        "ecommerce": pa.struct({"transaction_id": TEXT, "purchase_revenue": REAL}),
        "items": pa.list_(ITEM),
    }
)
USERS = {
    "u1": ("desktop", "US", "google", "organic"),
    "u2": ("mobile", "DE", "(direct)", "(none)"),
    "u3": ("mobile", "JP", "news", "email"),
}
HOME, SHOP = "https://shop.example/home", "https://shop.example/p/1"


def item(key, price, quantity, *, sold=False):
    name, category = {"A1": ("Shirt", "Apparel"), "B2": ("Mug", "Kitchen")}[key]
    return {
        "item_id": key, "item_name": name, "item_category": category, "price": price, "quantity": quantity,
        "item_revenue": price * quantity if sold else None,
    }  # fmt: skip


def event(clock, user, name, session, items=(), bought=None, **parameters):
    """One event; `clock` is its day and time in UTC."""
    at = datetime.fromisoformat(f"2026-01-{clock}+00:00")
    device, country, source, medium = USERS[user]
    parameters = {"ga_session_id": session, **parameters}
    return {
        "event_date": f"{at:%Y%m%d}",
        "event_timestamp": round(at.timestamp()) * 1_000_000,
        "event_name": name,
        "event_params": [{"key": key, "value": value(parameter)} for key, parameter in parameters.items()],
        "user_pseudo_id": user,
        "device": {"category": device},
        "geo": {"country": country},
        "traffic_source": {"source": source, "medium": medium},
        "ecommerce": {"transaction_id": bought and "T1", "purchase_revenue": bought},
        "items": list(items),
    }


def value(parameter):
    member = {str: "string_value", int: "int_value", float: "double_value"}[type(parameter)]
    return dict.fromkeys(("string_value", "int_value", "float_value", "double_value")) | {member: parameter}


FIRST_DAY = [
    event("01 10:00:00", "u1", "session_start", 100, ga_session_number=1),
    event("01 10:00:05", "u1", "page_view", 100, page_location=f"{HOME}?utm=a", page_title="Home"),
    event(
        "01 10:01:00", "u1", "view_item", 100, [item("A1", 20.0, 1)], page_location=SHOP, engagement_time_msec=1000
    ),
    event("01 10:02:00", "u1", "add_to_cart", 100, [item("A1", 20.0, 2)], engagement_time_msec=2000),
    event("01 11:00:00", "u2", "session_start", 200, ga_session_number=1),
    event("01 11:00:01", "u2", "page_view", 200, page_location=HOME, page_title="Home", engagement_time_msec=500),
]  # fmt: skip
SECOND_DAY = [
    event("02 09:00:00", "u1", "session_start", 101, ga_session_number=2),
    event(
        "02 09:00:10", "u1", "view_item", 101, [item("A1", 20.0, 1), item("B2", 8.5, 1)], engagement_time_msec=3000
    ),
    event(
        "02 09:05:00", "u1", "purchase", 101, [item("A1", 20.0, 2, sold=True), item("B2", 8.5, 1, sold=True)], 48.5,
        engagement_time_msec=4000, transaction_id="T1", value=48.5,
    ),
    event("02 12:00:00", "u3", "session_start", 300, ga_session_number=1),
    event("02 12:00:02", "u3", "page_view", 300, page_location=HOME, page_title="Home"),
    event(
        "02 12:10:00", "u3", "page_view", 300, page_location="https://shop.example/about", page_title="About",
        engagement_time_msec=700,
    ),
]  # fmt: skip


def march(text):
    return datetime.fromisoformat(f"2026-03-{text}:00+00:00")


def moment(text):
    return datetime.fromisoformat(f"2026-{text}+00:00")


ROWS = {
    "ranking.impressions": (
        {"search_id": TEXT, "user_id": WHOLE, "listing_id": WHOLE, "position": WHOLE, "shown_at": MOMENT},
        [
            ("s1", 1, 11, 1, march("01 10:00")), ("s1", 1, 12, 2, march("01 10:00")),
            ("s1", 1, 13, 3, march("01 10:00")),
            ("s2", 2, 11, 1, march("01 11:00")), ("s2", 2, 14, 2, march("01 11:00")),
            ("s3", 1, 12, 1, march("02 10:00")), ("s3", 1, 11, 2, march("02 10:00")),
        ],
    ),
    "ranking.clicks": (
        {"search_id": TEXT, "user_id": WHOLE, "listing_id": WHOLE, "clicked_at": MOMENT},
        [
            ("s1", 1, 12, moment("03-01 10:00:30")), ("s1", 1, 12, moment("03-01 10:02:00")),
            ("s2", 2, 11, moment("03-01 11:05:00")),
        ],
    ),
    "ranking.inquiries": (
        {"user_id": WHOLE, "listing_id": WHOLE, "sent_at": MOMENT, "payload": TEXT},
        [
            (1, 12, march("01 10:10"), '{"channel":"form","tags":["a","b"],"size":{"m2":40}}'),
            (2, 14, march("05 09:00"), '{"channel":"phone","size":{"m2":25}}'),
        ],
    ),
    "ranking.listings": (
        {"listing_id": WHOLE, "rent": WHOLE, "area": REAL, "features": pa.list_(TEXT), "listed_on": pa.date32()},
        [
            (11, 100_000, 20.0, ["parking", "pets"], date(2026, 1, 10)),
            (12, 150_000, 30.0, ["pets"], date(2026, 2, 1)),
            (13, 80_000, 25.0, [], date(2026, 2, 15)), (14, 60_000, None, None, date(2026, 2, 28)),
        ],
    ),
    "shop.customers": (
        {"id": WHOLE, "first_name": TEXT, "last_name": TEXT, "created_at": NAIVE},
        [
            (1, "Ann", "Lee", datetime(2026, 1, 1)), (2, "Bob", "Ray", datetime(2026, 1, 15)),
            (3, "Cy", "Oda", datetime(2026, 2, 1)),
        ],
    ),
    "shop.orders": (
        {"id": WHOLE, "customer_id": WHOLE, "order_date": pa.date32(), "status": TEXT, "amount": REAL},
        [
            (1, 1, date(2026, 1, 5), "completed", 10.0), (2, 1, date(2026, 1, 20), "completed", 30.0),
            (3, 2, date(2026, 2, 3), "returned", 25.0), (4, 1, date(2026, 2, 10), "placed", 5.0),
            (5, 2, date(2026, 2, 14), "completed", 40.0),
        ],
    ),
    "shop.payments": (
        {"id": WHOLE, "order_id": WHOLE, "method": TEXT, "cents": WHOLE},
        [
            (1, 1, "card", 1000), (2, 2, "card", 2000), (3, 2, "gift", 1000), (4, 3, "bank", 2500), (5, 4, "card", 500),
            (6, 5, "bank", 4000),
        ],
    ),
    "shop.snapshots": (
        {"order_id": WHOLE, "status": TEXT, "updated_at": MOMENT},
        [
            (1, "placed", moment("01-05 08:00:00")), (1, "completed", moment("01-06 09:00:00")),
            (2, "placed", moment("01-20 08:00:00")), (2, "completed", moment("01-22 12:00:00")),
            (3, "placed", moment("02-03 08:00:00")), (3, "returned", moment("02-08 10:30:00")),
        ],
    ),
    "shop.employees": (
        {"id": WHOLE, "name": TEXT, "manager_id": WHOLE},
        [(1, "Ana", None), (2, "Ben", 1), (3, "Cal", 2), (4, "Dee", 1)],
    ),
    "public.trips": (
        {
            "trip_id": WHOLE, "start_station": TEXT, "end_station": TEXT, "started_at": MOMENT, "seconds": WHOLE,
            "rider": TEXT,
        },
        [
            (1, "A", "B", moment("04-01 07:30:00"), 600, "member"),
            (2, "A", "C", moment("04-01 08:15:00"), 1200, "casual"),
            (3, "B", "A", moment("04-01 17:45:00"), 900, "member"),
            (4, "A", "B", moment("04-02 08:05:00"), 300, "member"),
            (5, "C", "A", moment("04-04 12:00:00"), 3600, "casual"),
        ],
    ),
    "public.names": (
        {"state": TEXT, "gender": TEXT, "year": WHOLE, "name": TEXT, "number": WHOLE},
        [
            ("CA", "F", 2000, "Emma", 50), ("CA", "F", 2001, "Emma", 70), ("CA", "M", 2000, "Liam", 40),
            ("NY", "F", 2000, "Emma", 30), ("NY", "M", 2001, "Liam", 90), ("NY", "M", 2001, "Noah", 20),
        ],
    ),
    "public.weather": (
        {"station": TEXT, "day": pa.date32(), "low": REAL, "high": REAL},
        [
            ("X", date(2026, 5, 1), 5.0, 15.0), ("X", date(2026, 5, 2), 7.0, 18.0), ("X", date(2026, 5, 3), None, 12.0),
            ("Y", date(2026, 5, 1), -2.0, 6.0), ("Y", date(2026, 5, 2), 0.0, 9.5),
        ],
    ),
    "public.posts": (
        {"id": WHOLE, "title": TEXT, "tags": TEXT, "created_at": MOMENT, "score": WHOLE, "answers": WHOLE},
        [
            (1, "How to join", "sql|bigquery", moment("01-03 10:00:00"), 5, 2),
            (2, "Pivot a table", "sql|pandas", moment("01-10 12:00:00"), 0, 0),
            (3, "Slow query", "bigquery", moment("02-02 09:00:00"), 12, 1),
        ],
    ),
    "public.lines": (
        {"ts": TEXT, "line": TEXT, "day": TEXT},
        [
            ("2026-06-01 10:00:00", "GET /a?x=1 200 12ms", "20260601"),
            ("2026-06-01 10:00:01", "POST /b 500 7ms", "20260601"), ("bad", "GET /c 200 3ms", "20260602"),
        ],
    ),
}  # fmt: skip


def write_tables(folder: Path) -> None:
    """Every table as folder/dataset/table.parquet."""
    tables = {name: _table(columns, rows) for name, (columns, rows) in ROWS.items()}
    tables["ga4.events_20260101"] = pa.Table.from_pylist(FIRST_DAY, EVENTS)
    tables["ga4.events_20260102"] = pa.Table.from_pylist(SECOND_DAY, EVENTS)
    for name, table in tables.items():
        path = folder / f"{name.replace('.', '/')}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path)


def _table(columns, rows) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in rows], pa.schema(columns))
