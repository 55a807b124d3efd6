-- The band of last year's purchases says no more than the sum itself and is left out.
SELECT
  h.customer_id,
  h.conversion AS converted,
  h.visit,
  h.spend,
  h.recency,
  h.history,
  h.mens,
  h.womens,
  h.newbie,
  h.zip_code,
  h.channel,
  h.segment AS arm
FROM hillstrom AS h
