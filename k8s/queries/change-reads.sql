-- Percentile latency of each test that reads, and how many per cent higher it is on the candidate.
select
  test_name as read_tests,
  avg(f.latency_percentile) as from_latency,
  avg(t.latency_percentile) as to_latency,
  round(100 * (avg(t.latency_percentile) - avg(f.latency_percentile)) / (avg(f.latency_percentile) + .000001), 2) as percent_change
from from_results as f join to_results as t using (test_name)
where replace(test_name, '_postgres', '') in (
  'covering_index_scan', 'groupby_scan', 'index_join', 'index_join_scan', 'index_scan', 'oltp_point_select',
  'oltp_read_only', 'select_random_points', 'select_random_ranges', 'table_scan', 'types_table_scan'
)
group by test_name
order by test_name;
