select
  departed_at,
  cast(departed_at as date) as departed_on,
  origin as origin_code,
  destination as destination_code,
  distance_miles,
  delay_minutes,
  delay_minutes >= 15 as is_late
from silver.flights
