-- Percentile latency of TPC-C's transactions on both servers, and how many times that of the baseline the candidate's is.
select
  test_name as tpcc_latency,
  avg(f.latency_percentile) as from_latency_p95,
  avg(t.latency_percentile) as to_latency_p95,
  round(avg(t.latency_percentile) / (avg(f.latency_percentile) + .000001), 2) as multiplier
from from_results as f join to_results as t using (test_name)
where test_name like 'tpcc%'
group by test_name
order by test_name;
