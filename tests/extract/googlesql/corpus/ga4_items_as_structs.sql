-- features: SELECT AS STRUCT, ARRAY subquery
-- columns: event_name STRING, first_item STRING, items INT64
-- row: ["purchase", "Mug", 2]
SELECT event_name, sorted[OFFSET(0)].name AS first_item, ARRAY_LENGTH(sorted) AS items
FROM (
  SELECT
    event_name,
    ARRAY(SELECT AS STRUCT item_name AS name, price FROM UNNEST(items) ORDER BY item_name, price) AS sorted
  FROM `ga4.events_20260102`
  WHERE event_name = 'purchase'
)
