-- The mean of the multipliers of all tests but bulk_insert.
select round(avg(multiplier), 2) as overall_mean_multiplier
from (
  select round(avg(t.latency_percentile) / (avg(f.latency_percentile) + .000001), 2) as multiplier
  from from_results as f join to_results as t using (test_name)
  where test_name != 'bulk_insert'
  group by test_name
);
