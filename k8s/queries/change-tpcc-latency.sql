-- Percentile latency of TPC-C's transactions, and how many per cent higher it is on the candidate.
select
  test_name,
  avg(f.latency_percentile) as from_latency_p95,
  avg(t.latency_percentile) as to_latency_p95,
  round(100 * (avg(t.latency_percentile) - avg(f.latency_percentile)) / (avg(f.latency_percentile) + .000001), 2) as percent_change
from from_results as f join to_results as t using (test_name)
where test_name like 'tpcc%'
group by test_name
order by test_name;
