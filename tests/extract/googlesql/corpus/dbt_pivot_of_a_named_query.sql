-- features: PIVOT, WITH
-- columns: customer_id INT64, done INT64, back INT64
-- row: [1, 2, 0]
-- row: [2, 1, 1]
with orders as (
    select customer_id, status, id from `shop.orders`
)
select customer_id, done, back
from orders
pivot (count(id) for status in ('completed' as done, 'returned' as back))
order by customer_id
