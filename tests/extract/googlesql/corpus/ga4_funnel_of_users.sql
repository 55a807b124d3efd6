-- features: funnel, WITH, LEFT JOIN
-- columns: started INT64, viewed INT64, bought INT64
-- row: [3, 1, 1]
WITH
  started AS (SELECT DISTINCT user_pseudo_id FROM `ga4.events_*` WHERE event_name = 'session_start'),
  viewed AS (SELECT DISTINCT user_pseudo_id FROM `ga4.events_*` WHERE event_name = 'view_item'),
  bought AS (SELECT DISTINCT user_pseudo_id FROM `ga4.events_*` WHERE event_name = 'purchase')
SELECT
  COUNT(started.user_pseudo_id) AS started,
  COUNT(viewed.user_pseudo_id) AS viewed,
  COUNT(bought.user_pseudo_id) AS bought
FROM started
LEFT JOIN viewed USING (user_pseudo_id)
LEFT JOIN bought ON bought.user_pseudo_id = viewed.user_pseudo_id
