-- features: event_params, comma join UNNEST
-- columns: title STRING, users INT64
-- row: ["Home", 3]
-- row: ["About", 1]
SELECT title.value.string_value AS title, COUNT(DISTINCT session.value.int_value) AS users
FROM `ga4.events_*`, UNNEST(event_params) AS title, UNNEST(event_params) AS session
WHERE title.key = 'page_title' AND session.key = 'ga_session_id'
GROUP BY 1
