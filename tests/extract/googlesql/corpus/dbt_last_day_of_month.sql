-- features: LAST_DAY, EXTRACT
-- columns: id INT64, left_in_month INT64, quarter INT64
-- row: [1, 26, 1]
-- row: [5, 14, 1]
select id, date_diff(last_day(order_date), order_date, day) as left_in_month, extract(quarter from order_date) as quarter
from `shop.orders`
where id in (1, 5)
