-- One row per impression, with whether an inquiry followed within 7 days (source.conversion_days).
WITH inquired AS (
  SELECT
    q.list_id,
    q.listing_id,
    MIN(q.inquired_at) AS inquired_at
  FROM inquiries AS q
  WHERE q.inquired_at >= @start
  GROUP BY q.list_id, q.listing_id
)
SELECT
  i.shown_at,
  i.list_id,
  i.user_id,
  i.listing_id,
  i.position,
  i.explore,
  IF(o.inquired_at < TIMESTAMP_ADD(i.shown_at, INTERVAL 7 DAY), 1, 0) AS inquired,
  l.rent,
  l.area_m2,
  l.walk_minutes,
  l.building_age,
  l.floor,
  l.photos,
  l.deposit_months,
  DATE_DIFF(DATE(i.shown_at), l.listed_on, DAY) AS days_listed,
  l.layout,
  l.ward,
  l.building
FROM impressions AS i
JOIN listings AS l ON l.listing_id = i.listing_id
LEFT JOIN inquired AS o ON o.list_id = i.list_id AND o.listing_id = i.listing_id
WHERE i.shown_at >= @start AND i.shown_at < @end
