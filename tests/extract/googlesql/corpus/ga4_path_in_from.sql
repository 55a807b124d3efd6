-- features: items, path in FROM
-- columns: item_id STRING, n INT64
-- row: ["A1", 4]
-- row: ["B2", 2]
SELECT i.item_id, COUNT(*) AS n
FROM `ga4.events_*` AS e, e.items AS i
GROUP BY i.item_id
