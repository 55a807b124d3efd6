-- features: window frame, ROWS UNBOUNDED
-- columns: id INT64, running FLOAT64
-- row: [1, 10.0]
-- row: [2, 40.0]
-- row: [4, 45.0]
-- row: [3, 25.0]
-- row: [5, 65.0]
select
    id,
    sum(amount) over (
        partition by customer_id order by order_date rows between unbounded preceding and current row
    ) as running
from `shop.orders`
