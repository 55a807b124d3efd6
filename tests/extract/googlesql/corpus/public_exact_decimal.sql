-- features: NUMERIC
-- refused: line 1 column 12: Use FLOAT64
SELECT SUM(CAST(amount AS NUMERIC)) AS total
FROM `shop.orders`
