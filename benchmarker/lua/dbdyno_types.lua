-- What the two tests of types share: sbtest1 with a column of every type (34 with MySQL, 33 with PostgreSQL, which has no
-- geometry of its own) and an index on big_int_col. Its table_size rows differ in their ids alone: what is measured is
-- what the types cost, not what is in them.

local columns = dofile("dbdyno_columns.lua")
local M = {}

sysbench.cmdline.options = { table_size = { "Rows", 10000 } }

-- What stands behind the id in every row.
function M.values(is_postgres)
   math.randomseed(0)
   return columns.draw(columns.types(is_postgres), is_postgres)
end

function prepare()
   local driver = sysbench.sql.driver()
   local con, is_postgres = driver:connect(), driver:name() == "pgsql"
   local list, values = columns.types(is_postgres), M.values(is_postgres)
   columns.create(con, "sbtest1", list, "big_int_col", is_postgres)
   columns.fill(con, "sbtest1", list, sysbench.opt.table_size, function()
      return values
   end)
   con:disconnect()
end

function cleanup()
   local con = sysbench.sql.driver():connect()
   con:query("DROP TABLE IF EXISTS sbtest1")
   con:disconnect()
end

return M
