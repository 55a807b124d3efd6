-- features: IS DISTINCT FROM, NULL
-- columns: day DATE
-- row: ["2026-05-03"]
SELECT day
FROM `public.weather`
WHERE low IS NOT DISTINCT FROM NULL
