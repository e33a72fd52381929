-- TPC-C's transactions a second on both servers, and how many per cent more the candidate does.
select
  test_name,
  f.server_name as from_server_name,
  f.server_version as from_server_version,
  avg(f.sql_transactions_per_second) as from_tps,
  t.server_name as to_server_name,
  t.server_version as to_server_version,
  avg(t.sql_transactions_per_second) as to_tps,
  round(100 * (avg(t.sql_transactions_per_second) - avg(f.sql_transactions_per_second)) / (avg(f.sql_transactions_per_second) + .000001), 2) as percent_change
from from_results as f join to_results as t using (test_name)
where test_name like 'tpcc%'
group by test_name
order by test_name;
