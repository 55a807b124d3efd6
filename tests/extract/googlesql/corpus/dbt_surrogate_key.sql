-- features: MD5, TO_HEX, CONCAT
-- columns: key STRING, order_id INT64
-- row: ["89caa468463ccc6328f1671083bda971", 1]
select to_hex(md5(concat(coalesce(cast(order_id as string), ''), '-', coalesce(method, '')))) as key, order_id
from `shop.payments`
where order_id = 1
