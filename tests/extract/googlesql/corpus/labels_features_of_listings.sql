-- features: IFNULL, SAFE_DIVIDE, DATE_DIFF, IN UNNEST
-- columns: listing_id INT64, rent_per_m2 FLOAT64, age INT64, pets BOOL
-- row: [11, 5000.0, 50, true]
-- row: [12, 5000.0, 28, true]
-- row: [13, 3200.0, 14, false]
-- row: [14, null, 1, false]
SELECT
  listing_id,
  SAFE_DIVIDE(rent, area) AS rent_per_m2,
  DATE_DIFF(DATE '2026-03-01', listed_on, DAY) AS age,
  IFNULL('pets' IN UNNEST(features), FALSE) AS pets
FROM `ranking.listings`
