-- The mean of the multipliers of multiplier-writes.sql.
select round(avg(multiplier), 2) as writes_mean_multiplier
from (
  select round(avg(t.latency_percentile) / (avg(f.latency_percentile) + .000001), 2) as multiplier
  from from_results as f join to_results as t using (test_name)
  where replace(test_name, '_postgres', '') in (
    'oltp_delete_insert', 'oltp_insert', 'oltp_read_write', 'oltp_update_index', 'oltp_update_non_index', 'oltp_write_only',
  'types_delete_insert'
  )
  group by test_name
);
