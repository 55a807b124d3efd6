-- features: scripting
-- refused: line 2 column 1: one query
declare day date default date '2026-01-05';
select count(*) as n from `shop.orders` where order_date = day;
