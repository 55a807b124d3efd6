-- TotalCharges is text with blanks for customers of no month yet: those are missing.
SELECT
  c.customerID AS customer_id,
  IF(c.Churn = 'Yes', 1, 0) AS churned,
  c.gender,
  c.SeniorCitizen AS senior,
  c.Partner AS partner,
  c.Dependents AS dependents,
  c.tenure AS tenure_months,
  c.PhoneService AS phone,
  c.MultipleLines AS `lines`,
  c.InternetService AS internet,
  c.OnlineSecurity AS online_security,
  c.OnlineBackup AS online_backup,
  c.DeviceProtection AS device_protection,
  c.TechSupport AS tech_support,
  c.StreamingTV AS streaming_tv,
  c.StreamingMovies AS streaming_movies,
  c.Contract AS contract,
  c.PaperlessBilling AS paperless,
  c.PaymentMethod AS payment,
  c.MonthlyCharges AS monthly_charges,
  SAFE_CAST(TRIM(CAST(c.TotalCharges AS STRING)) AS FLOAT64) AS total_charges
FROM telco_customer_churn AS c
