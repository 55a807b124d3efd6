-- features: INTERSECT DISTINCT
-- columns: id INT64
-- row: [1]
-- row: [2]
select id from `shop.customers`
intersect distinct
select customer_id from `shop.orders`
