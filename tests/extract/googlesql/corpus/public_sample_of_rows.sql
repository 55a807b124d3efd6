-- features: TABLESAMPLE
-- refused: line 2 column 21: A sample takes other rows every time
SELECT COUNT(*) AS n
FROM `public.trips` TABLESAMPLE SYSTEM (10 PERCENT)
