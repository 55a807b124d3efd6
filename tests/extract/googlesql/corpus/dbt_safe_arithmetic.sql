-- features: SAFE_DIVIDE, ROUND
-- columns: id INT64, ratio FLOAT64
-- row: [1, null]
-- row: [2, 1.5]
-- row: [3, 1.667]
-- row: [4, -1.0]
-- row: [5, 1.333]
select id, round(safe_divide(amount, amount - 10), 3) as ratio
from `shop.orders`
