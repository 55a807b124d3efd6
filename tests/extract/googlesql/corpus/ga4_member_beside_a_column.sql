-- features: UNNEST, ambiguous names
-- refused: line 1 column 8: Write its table's alias before it
SELECT key, COUNT(*) AS n
FROM (SELECT event_name AS key, event_params FROM `ga4.events_*`), UNNEST(event_params)
GROUP BY key
