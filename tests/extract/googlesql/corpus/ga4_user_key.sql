-- features: FARM_FINGERPRINT, hashes
-- columns: part INT64, users INT64
-- row: [1, 1]
-- row: [9, 2]
SELECT MOD(ABS(FARM_FINGERPRINT(user_pseudo_id)), 10) AS part, COUNT(DISTINCT user_pseudo_id) AS users
FROM `ga4.events_*`
GROUP BY part
