-- features: GROUP BY ALL
-- columns: customer_id INT64, status STRING, total FLOAT64
-- row: [1, "completed", 40.0]
-- row: [1, "placed", 5.0]
-- row: [2, "completed", 40.0]
-- row: [2, "returned", 25.0]
select customer_id, status, sum(amount) as total
from `shop.orders`
group by all
