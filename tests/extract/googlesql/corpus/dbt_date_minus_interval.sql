-- features: INTERVAL arithmetic
-- columns: id INT64
-- row: [4]
-- row: [5]
select id
from `shop.orders`
where order_date > date_sub(date '2026-02-14', interval 1 week)
