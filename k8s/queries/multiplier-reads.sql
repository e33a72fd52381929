-- Percentile latency of each test that reads on both servers, and how many times that of the baseline the candidate's is.
select
  test_name as read_tests,
  f.server_name as from_server,
  f.server_version as from_version,
  avg(f.latency_percentile) as from_latency,
  t.server_name as to_server,
  t.server_version as to_version,
  avg(t.latency_percentile) as to_latency,
  round(avg(t.latency_percentile) / (avg(f.latency_percentile) + .000001), 2) as multiplier
from from_results as f join to_results as t using (test_name)
where replace(test_name, '_postgres', '') in (
  'covering_index_scan', 'groupby_scan', 'index_join', 'index_join_scan', 'index_scan', 'oltp_point_select',
  'oltp_read_only', 'select_random_points', 'select_random_ranges', 'table_scan', 'types_table_scan'
)
group by test_name
order by test_name;
