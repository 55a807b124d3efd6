-- features: GEOGRAPHY
-- refused: line 1 column 19: Compute it before the log is written
SELECT CAST(ROUND(ST_DISTANCE(ST_GEOGPOINT(2.3522, 48.8566), ST_GEOGPOINT(13.405, 52.52)) / 1000) AS INT64) AS km
