-- features: RANGE_BUCKET, arrays
-- columns: bucket INT64, trips INT64
-- row: [0, 1]
-- row: [1, 3]
-- row: [2, 1]
SELECT RANGE_BUCKET(seconds, [600, 1800]) AS bucket, COUNT(*) AS trips
FROM `public.trips`
GROUP BY bucket
