-- features: event_params, CROSS JOIN UNNEST
-- columns: key STRING, n INT64
-- row: ["engagement_time_msec", 6]
-- row: ["ga_session_id", 12]
-- row: ["ga_session_number", 4]
-- row: ["page_location", 5]
-- row: ["page_title", 4]
-- row: ["transaction_id", 1]
-- row: ["value", 1]
SELECT ep.key, COUNT(*) AS n
FROM `ga4.events_*` AS e
CROSS JOIN UNNEST(e.event_params) AS ep
GROUP BY ep.key
