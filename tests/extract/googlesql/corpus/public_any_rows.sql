-- features: LIMIT
-- refused: line 3 column 1: Add ORDER BY with a unique key
SELECT trip_id
FROM `public.trips`
LIMIT 2
