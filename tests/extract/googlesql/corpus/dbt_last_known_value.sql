-- features: LAST_VALUE, IGNORE NULLS
-- columns: station STRING, day DATE, low FLOAT64
-- row: ["X", "2026-05-01", 5.0]
-- row: ["X", "2026-05-02", 7.0]
-- row: ["X", "2026-05-03", 7.0]
-- row: ["Y", "2026-05-01", -2.0]
-- row: ["Y", "2026-05-02", 0.0]
select
    station,
    day,
    last_value(low ignore nulls) over (
        partition by station order by day rows between unbounded preceding and current row
    ) as low
from `public.weather`
