-- The mean of the multipliers of multiplier-reads.sql.
select round(avg(multiplier), 2) as reads_mean_multiplier
from (
  select round(avg(t.latency_percentile) / (avg(f.latency_percentile) + .000001), 2) as multiplier
  from from_results as f join to_results as t using (test_name)
  where replace(test_name, '_postgres', '') in (
    'covering_index_scan', 'groupby_scan', 'index_join', 'index_join_scan', 'index_scan', 'oltp_point_select',
  'oltp_read_only', 'select_random_points', 'select_random_ranges', 'table_scan', 'types_table_scan'
  )
  group by test_name
);
