-- features: DATE_TRUNC, DATE_DIFF, WITH
-- columns: cohort DATE, months INT64, customers INT64
-- row: ["2026-01-01", 0, 1]
-- row: ["2026-01-01", 1, 1]
-- row: ["2026-02-01", 0, 1]
with firsts as (
    select customer_id, date_trunc(min(order_date), month) as cohort from `shop.orders` group by customer_id
)
select
    f.cohort,
    date_diff(date_trunc(o.order_date, month), f.cohort, month) as months,
    count(distinct o.customer_id) as customers
from `shop.orders` as o
join firsts as f on f.customer_id = o.customer_id
group by f.cohort, months
