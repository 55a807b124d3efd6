-- features: IN UNNEST, ARRAY subquery
-- columns: event_name STRING, n INT64
-- row: ["purchase", 1]
-- row: ["view_item", 1]
SELECT event_name, COUNT(*) AS n
FROM `ga4.events_*`
WHERE 'B2' IN UNNEST(ARRAY(SELECT item_id FROM UNNEST(items)))
GROUP BY event_name
