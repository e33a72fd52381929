-- Aggregates half of the rows in groups and sorts these. MySQL groups by set_col and takes any year_col of each group (its
-- sql_mode must not hold ONLY_FULL_GROUP_BY); PostgreSQL has to group by both.
dofile("dbdyno_scan.lua")(
   "SELECT year_col, count(year_col), max(big_int_col), avg(small_int_col) FROM sbtest1 WHERE big_int_col > 0"
      .. " GROUP BY set_col ORDER BY year_col",
   "SELECT year_col, count(year_col), max(big_int_col), avg(small_int_col) FROM sbtest1 WHERE big_int_col > 0"
      .. " GROUP BY year_col, set_col ORDER BY year_col")
