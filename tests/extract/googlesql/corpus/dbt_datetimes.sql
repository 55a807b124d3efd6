-- features: DATETIME, DATETIME_DIFF
-- columns: id INT64, days INT64
-- row: [1, 31]
-- row: [2, 17]
-- row: [3, 0]
select id, datetime_diff(datetime '2026-02-01 00:00:00', created_at, day) as days
from `shop.customers`
