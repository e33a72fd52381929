-- Counts half of the rows by the index on big_int_col alone.
dofile("dbdyno_scan.lua")("SELECT count(id) FROM sbtest1 WHERE big_int_col > 0")
