-- features: GENERATE_DATE_ARRAY, UNNEST, LEFT JOIN
-- columns: day DATE, orders INT64
-- row: ["2026-02-02", 0]
-- row: ["2026-02-03", 1]
-- row: ["2026-02-04", 0]
select day, count(o.id) as orders
from unnest(generate_date_array('2026-02-02', '2026-02-04')) as day
left join `shop.orders` as o on o.order_date = day
group by day
