-- features: GENERATE_ARRAY, CROSS JOIN UNNEST, ARRAY_AGG
-- columns: n INT64, square INT64
-- row: [1, 1]
-- row: [2, 4]
-- row: [3, 9]
SELECT n, n * n AS square
FROM UNNEST(GENERATE_ARRAY(1, 3)) AS n
