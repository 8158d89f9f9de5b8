select departed_on, departed_at, origin_code, destination_code, distance_miles, delay_minutes, is_late
from stg_flights
