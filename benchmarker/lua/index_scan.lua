-- Reads half of the rows, whole, with a condition on an indexed column.
dofile("dbdyno_scan.lua")("SELECT * FROM sbtest1 WHERE big_int_col > 0")
