-- features: items, comma join UNNEST, unqualified names
-- columns: item_name STRING, quantity INT64, revenue FLOAT64
-- row: ["Shirt", 2, 40.0]
-- row: ["Mug", 1, 8.5]
SELECT item_name, SUM(quantity) AS quantity, SUM(item_revenue) AS revenue
FROM `ga4.events_20260102`, UNNEST(items)
WHERE event_name = 'purchase'
GROUP BY item_name
