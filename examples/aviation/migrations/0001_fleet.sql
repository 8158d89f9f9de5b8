-- The fleet, as the airlines' own programs write it. Its changes fill tables of the lake: see cdc in platform.yaml.
create schema fleet;

create table fleet.carriers (
  code text primary key,
  name text not null,
  alliance text,
  hub text not null
);

create table fleet.aircraft (
  tail_number text primary key,
  carrier text not null,
  model text not null,
  seats integer not null,
  status text not null
);
