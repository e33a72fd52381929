-- Percentile latency of each test that writes, and how many per cent higher it is on the candidate.
select
  test_name as write_tests,
  avg(f.latency_percentile) as from_latency,
  avg(t.latency_percentile) as to_latency,
  round(100 * (avg(t.latency_percentile) - avg(f.latency_percentile)) / (avg(f.latency_percentile) + .000001), 2) as percent_change
from from_results as f join to_results as t using (test_name)
where replace(test_name, '_postgres', '') in (
  'oltp_delete_insert', 'oltp_insert', 'oltp_read_write', 'oltp_update_index', 'oltp_update_non_index', 'oltp_write_only',
  'types_delete_insert'
)
group by test_name
order by test_name;
