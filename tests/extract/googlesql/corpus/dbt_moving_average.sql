-- features: window frame, ROWS, AVG
-- columns: id INT64, average FLOAT64
-- row: [1, 20.0]
-- row: [2, 21.667]
-- row: [3, 20.0]
-- row: [4, 23.333]
-- row: [5, 22.5]
select id, round(avg(amount) over (order by order_date rows between 1 preceding and 1 following), 3) as average
from `shop.orders`
