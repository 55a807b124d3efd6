-- features: UNION DISTINCT
-- columns: id INT64
-- row: [1]
-- row: [2]
-- row: [3]
select customer_id as id from `shop.orders`
union distinct
select id from `shop.customers`
