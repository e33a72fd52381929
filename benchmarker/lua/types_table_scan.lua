-- Scans a table with a column of every type.
dofile("dbdyno_types.lua")
local con

function thread_init()
   con = sysbench.sql.driver():connect()
end

function thread_done()
   con:disconnect()
end

function event()
   con:query("SELECT * FROM sbtest1 WHERE small_int_col > 0")
end
