-- features: items, correlated aggregate
-- columns: event_name STRING, total FLOAT64
-- row: ["view_item", 20.0]
-- row: ["add_to_cart", 40.0]
SELECT event_name, (SELECT SUM(price * quantity) FROM UNNEST(items)) AS total
FROM `ga4.events_20260101`
WHERE ARRAY_LENGTH(items) > 0
