-- features: STRING_AGG
-- refused: line 1 column 21: Write STRING_AGG(x ORDER BY x)
select customer_id, string_agg(status) as statuses
from `shop.orders`
group by customer_id
