-- features: APPROX_
-- refused: line 1 column 8: Use COUNT(DISTINCT x)
SELECT APPROX_COUNT_DISTINCT(user_pseudo_id) AS users
FROM `ga4.events_*`
