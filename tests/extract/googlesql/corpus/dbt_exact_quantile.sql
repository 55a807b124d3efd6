-- features: PERCENTILE_CONT
-- columns: customer_id INT64, median FLOAT64
-- row: [1, 10.0]
-- row: [2, 32.5]
select distinct customer_id, percentile_cont(amount, 0.5) over (partition by customer_id) as median
from `shop.orders`
