-- Systems, browsers, regions and traffic types are numbered, but the numbers mean nothing: they are read as text.
SELECT
  s.Revenue AS purchased,
  s.PageValues AS page_values,
  s.Administrative AS administrative,
  s.Administrative_Duration AS administrative_seconds,
  s.Informational AS informational,
  s.Informational_Duration AS informational_seconds,
  s.ProductRelated AS product_pages,
  s.ProductRelated_Duration AS product_seconds,
  s.BounceRates AS bounce_rate,
  s.ExitRates AS exit_rate,
  s.SpecialDay AS special_day,
  s.Month AS month,
  CAST(s.OperatingSystems AS STRING) AS operating_system,
  CAST(s.Browser AS STRING) AS browser,
  CAST(s.Region AS STRING) AS region,
  CAST(s.TrafficType AS STRING) AS traffic,
  s.VisitorType AS visitor,
  s.Weekend AS weekend
FROM online_shoppers_intention AS s
