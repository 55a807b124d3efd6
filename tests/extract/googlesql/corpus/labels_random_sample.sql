-- features: random
-- refused: line 3 column 7: a random query gives other rows every time
SELECT search_id, listing_id
FROM `ranking.impressions`
WHERE RAND() < 0.1
