-- One row per impression. The listings' own interest_level and inquiry drove the simulated clicks: they are never inputs.
SELECT
  i.shown_at,
  i.list_id,
  i.listing_id,
  i.position,
  i.explore,
  i.click,
  i.inquiry,
  l.price,
  SAFE_DIVIDE(l.price, l.bedrooms + l.bathrooms) AS price_per_room,
  l.bedrooms,
  l.bathrooms,
  l.latitude,
  l.longitude,
  l.subway_distance,
  l.distance_city,
  l.num_photos,
  l.num_features,
  l.num_description_words,
  l.doorman,
  l.elevator,
  l.fee,
  l.hardwoods,
  l.laundry,
  l.neighborhood
FROM renthop_listlog_dev.listlog AS i
JOIN renthop_dev.renthop_dev_until_0613 AS l ON l.listing_id = i.listing_id
WHERE i.shown_at >= @start AND i.shown_at < @end
