-- features: GENERATE_DATE_ARRAY, correlated UNNEST
-- columns: id INT64, month DATE
-- row: [1, "2026-01-01"]
-- row: [1, "2026-02-01"]
-- row: [2, "2026-01-01"]
-- row: [2, "2026-02-01"]
-- row: [3, "2026-02-01"]
select id, month
from `shop.customers`,
unnest(generate_date_array(date_trunc(date(created_at), month), date '2026-02-28', interval 1 month)) as month
