-- features: CAST, texts of numbers
-- refused: line 1 column 8: The text would be another one on BigQuery
SELECT CAST(low AS STRING) AS low
FROM `public.weather`
