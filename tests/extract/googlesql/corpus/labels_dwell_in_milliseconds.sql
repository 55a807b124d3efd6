-- features: UNIX_MILLIS, COALESCE
-- columns: listing_id INT64, dwell INT64
-- row: [12, 90000]
SELECT a.listing_id, UNIX_MILLIS(b.clicked_at) - UNIX_MILLIS(a.clicked_at) AS dwell
FROM `ranking.clicks` AS a
JOIN `ranking.clicks` AS b USING (search_id, listing_id)
WHERE b.clicked_at > a.clicked_at
