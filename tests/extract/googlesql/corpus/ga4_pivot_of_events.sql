-- features: PIVOT
-- columns: event_date STRING, page_view INT64, purchase INT64
-- row: ["20260101", 2, 0]
-- row: ["20260102", 2, 1]
SELECT *
FROM (SELECT event_date, event_name, user_pseudo_id FROM `ga4.events_*`)
PIVOT (COUNT(user_pseudo_id) FOR event_name IN ('page_view', 'purchase'))
