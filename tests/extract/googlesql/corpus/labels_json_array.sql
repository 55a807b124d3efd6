-- features: JSON_VALUE_ARRAY, UNNEST
-- columns: tag STRING, n INT64
-- row: ["a", 1]
-- row: ["b", 1]
SELECT tag, COUNT(*) AS n
FROM `ranking.inquiries`, UNNEST(JSON_VALUE_ARRAY(payload, '$.tags')) AS tag
GROUP BY tag
