-- How many times the candidate's transactions a second the baseline does.
select round(avg(f.sql_transactions_per_second) / (avg(t.sql_transactions_per_second) + .000001), 2) as tpcc_tps_multiplier
from from_results as f join to_results as t using (test_name)
where test_name like 'tpcc%';
