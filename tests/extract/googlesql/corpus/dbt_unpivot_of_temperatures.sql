-- features: UNPIVOT
-- columns: station STRING, day DATE, kind STRING, degrees FLOAT64
-- row: ["X", "2026-05-03", "high", 12.0]
-- row: ["Y", "2026-05-01", "low", -2.0]
-- row: ["Y", "2026-05-01", "high", 6.0]
select station, day, kind, degrees
from (select station, day, low, high from `public.weather`)
unpivot (degrees for kind in (low, high))
where day = '2026-05-03' or (station = 'Y' and day = '2026-05-01')
