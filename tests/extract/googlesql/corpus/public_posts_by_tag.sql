-- features: SPLIT, UNNEST
-- columns: tag STRING, posts INT64
-- row: ["sql", 2]
-- row: ["bigquery", 2]
-- row: ["pandas", 1]
SELECT tag, COUNT(*) AS posts
FROM `public.posts`, UNNEST(SPLIT(tags, '|')) AS tag
GROUP BY tag
