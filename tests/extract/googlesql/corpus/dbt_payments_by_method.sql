-- features: MAX(IF), CASE pivot
-- columns: order_id INT64, card FLOAT64, gift FLOAT64, bank FLOAT64
-- row: [1, 10.0, 0.0, 0.0]
-- row: [2, 20.0, 10.0, 0.0]
-- row: [3, 0.0, 0.0, 25.0]
-- row: [4, 5.0, 0.0, 0.0]
-- row: [5, 0.0, 0.0, 40.0]
select
    order_id,
    sum(case when method = 'card' then cents else 0 end) / 100 as card,
    sum(case when method = 'gift' then cents else 0 end) / 100 as gift,
    sum(case when method = 'bank' then cents else 0 end) / 100 as bank
from `shop.payments`
group by 1
