-- features: UNNEST, scoping
-- columns: price FLOAT64, total FLOAT64
-- row: [1.5, 60.0]
SELECT price, (SELECT SUM(price * quantity) FROM UNNEST(items)) + price * 0 AS total
FROM (SELECT 1.5 AS price, ARRAY_CONCAT(items, items, items) AS items FROM `ga4.events_20260101` WHERE event_name = 'view_item')
