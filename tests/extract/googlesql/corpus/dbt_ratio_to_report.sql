-- features: window over aggregate, ROUND
-- columns: method STRING, share FLOAT64
-- row: ["card", 31.8]
-- row: ["gift", 9.1]
-- row: ["bank", 59.1]
select method, round(100 * sum(cents) / sum(sum(cents)) over (), 1) as share
from `shop.payments`
group by method
