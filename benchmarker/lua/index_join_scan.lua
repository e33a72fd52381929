-- Joins 500 rows of sbtest1 with themselves by the primary key.
dofile("dbdyno_scan.lua")("SELECT a.id, a.small_int_col FROM sbtest1 a, sbtest1 b WHERE a.id = b.id LIMIT 500")
