-- features: LEFT JOIN UNNEST, ON
-- columns: event_timestamp INT64, title STRING
-- row: [1767261600000000, null]
-- row: [1767261605000000, "Home"]
-- row: [1767261660000000, null]
-- row: [1767261720000000, null]
SELECT e.event_timestamp, p.value.string_value AS title
FROM `ga4.events_20260101` AS e
LEFT JOIN UNNEST(e.event_params) AS p ON p.key = 'page_title'
WHERE e.user_pseudo_id = 'u1'
