-- features: GENERATE_DATE_ARRAY, INTERVAL
-- columns: month DATE
-- row: ["2026-01-01"]
-- row: ["2026-02-01"]
-- row: ["2026-03-01"]
select month
from unnest(generate_date_array(date '2026-01-01', date '2026-03-31', interval 1 month)) as month
