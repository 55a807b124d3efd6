-- features: names
-- refused: line 1 column 21: AS
select customer_id, count(*)
from `shop.orders`
group by customer_id
