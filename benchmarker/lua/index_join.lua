-- Joins the first 500 rows of sbtest2 with those of sbtest1 whose ids they hold.
dofile("dbdyno_scan.lua")("SELECT a.id, a.small_int_col, b.id, b.int_col FROM sbtest1 a, sbtest2 b WHERE a.id = b.int_col LIMIT 500")
