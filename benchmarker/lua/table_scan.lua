-- Reads half of the rows, whole, with a condition on a column without index.
dofile("dbdyno_scan.lua")("SELECT * FROM sbtest1 WHERE small_int_col > 0")
