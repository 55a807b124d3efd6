-- features: EXISTS, items
-- columns: user_pseudo_id STRING, revenue FLOAT64
-- row: ["u1", 48.5]
SELECT user_pseudo_id, ecommerce.purchase_revenue AS revenue
FROM `ga4.events_*`
WHERE EXISTS (SELECT 1 FROM UNNEST(items) WHERE item_category = 'Kitchen')
  AND ecommerce.purchase_revenue > 0
