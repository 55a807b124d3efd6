-- features: LPAD, FORMAT
-- columns: key STRING, code STRING
-- row: ["0003", "C-00003"]
select lpad(cast(id as string), 4, '0') as key, format('C-%05d', id) as code
from `shop.customers`
where last_name = 'Oda'
