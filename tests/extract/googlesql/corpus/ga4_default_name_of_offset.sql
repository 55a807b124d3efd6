-- features: WITH OFFSET
-- columns: page STRING, n INT64
-- row: ["0", 12]
SELECT CAST(offset AS STRING) AS page, COUNT(*) AS n
FROM `ga4.events_*`, UNNEST(event_params) AS p WITH OFFSET
WHERE p.key = 'ga_session_id'
GROUP BY 1
