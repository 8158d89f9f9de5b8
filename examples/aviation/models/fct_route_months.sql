with months as (
  select
    cast(date_trunc('month', departed_on) as date) as month,
    origin_code,
    destination_code,
    count(*) as flights,
    count(*) filter (where is_late) as late_flights,
    avg(delay_minutes) as mean_delay_minutes
  from gold.fct_flights
  group by all
)
select months.*, origins.city as origin_city, destinations.city as destination_city
from months
left join gold.dim_airports as origins on origins.airport_code = months.origin_code and origins.is_current
left join gold.dim_airports as destinations
  on destinations.airport_code = months.destination_code and destinations.is_current
