-- features: REPLACE star
-- columns: id INT64, customer_id INT64, order_date DATE, status STRING, amount FLOAT64
-- row: [4, 1, "2026-02-10", "PLACED", 0.05]
select * replace (upper(status) as status, amount / 100 as amount)
from `shop.orders`
where id = 4
