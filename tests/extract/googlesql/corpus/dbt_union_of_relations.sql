-- features: UNION ALL, literals
-- columns: source STRING, n INT64
-- row: ["orders", 5]
-- row: ["payments", 6]
select 'orders' as source, count(*) as n from `shop.orders`
union all
select 'payments' as source, count(*) as n from `shop.payments`
