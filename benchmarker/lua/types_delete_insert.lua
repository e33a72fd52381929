-- Deletes a row with a column of every type, and inserts it again: two transactions of one statement each.
local columns = dofile("dbdyno_columns.lua")
local types = dofile("dbdyno_types.lua")
local con, values, rows

function thread_init()
   local driver = sysbench.sql.driver()
   con, values, rows = driver:connect(), types.values(driver:name() == "pgsql"), sysbench.opt.table_size
end

function thread_done()
   con:disconnect()
end

function event(thread_id)
   local id = columns.own_id(thread_id, rows)
   con:query("DELETE FROM sbtest1 WHERE id = " .. id)
   con:query("INSERT INTO sbtest1 VALUES (" .. id .. values)
end
