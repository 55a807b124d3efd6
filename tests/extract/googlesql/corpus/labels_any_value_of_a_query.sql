-- features: ANY_VALUE
-- columns: search_id STRING, user_id INT64, listings INT64
-- row: ["s1", 1, 3]
-- row: ["s2", 2, 2]
-- row: ["s3", 1, 2]
SELECT search_id, ANY_VALUE(user_id) AS user_id, COUNT(*) AS listings
FROM `ranking.impressions`
GROUP BY search_id
