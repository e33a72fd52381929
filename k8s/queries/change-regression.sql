-- How many tests got slower: percentile latency more than 5 % higher on the candidate. More than none is a regression.
select sum(to_latency > 1.05 * from_latency + .00000005) as slower_tests
from (
  select avg(f.latency_percentile) as from_latency, avg(t.latency_percentile) as to_latency
  from from_results as f join to_results as t using (test_name)
  group by test_name
);
