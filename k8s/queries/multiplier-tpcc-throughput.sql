-- TPC-C's transactions a second on both servers, and how many times those of the candidate the baseline does. The last
-- column's name is that of the reports so far; its value is a ratio.
select
  test_name,
  f.server_name as from_server_name,
  f.server_version as from_server_version,
  avg(f.sql_transactions_per_second) as from_tps,
  t.server_name as to_server_name,
  t.server_version as to_server_version,
  avg(t.sql_transactions_per_second) as to_tps,
  round(avg(f.sql_transactions_per_second) / (avg(t.sql_transactions_per_second) + .000001), 2) as percent_change
from from_results as f join to_results as t using (test_name)
where test_name like 'tpcc%'
group by test_name
order by test_name;
