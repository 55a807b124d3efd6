-- features: event_params, MAX(IF), CROSS JOIN UNNEST
-- columns: event_timestamp INT64, page STRING, title STRING
-- row: [1767261605000000, "https://shop.example/home?utm=a", "Home"]
-- row: [1767265201000000, "https://shop.example/home", "Home"]
SELECT
  event_timestamp,
  MAX(IF(p.key = 'page_location', p.value.string_value, NULL)) AS page,
  MAX(IF(p.key = 'page_title', p.value.string_value, NULL)) AS title
FROM `ga4.events_20260101`
CROSS JOIN UNNEST(event_params) AS p
WHERE event_name = 'page_view'
GROUP BY event_timestamp
