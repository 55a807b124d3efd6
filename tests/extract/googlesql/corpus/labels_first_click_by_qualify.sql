-- features: QUALIFY, EXCEPT star
-- columns: search_id STRING, listing_id INT64, clicked_at TIMESTAMP
-- row: ["s1", 12, "2026-03-01T10:00:30Z"]
-- row: ["s2", 11, "2026-03-01T11:05:00Z"]
SELECT * EXCEPT (user_id)
FROM `ranking.clicks`
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (PARTITION BY search_id, listing_id ORDER BY clicked_at) = 1
