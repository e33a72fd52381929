-- What the scans and joins share: two tables, and one statement an event.
--
--    dofile("dbdyno_scan.lua")("SELECT …"[, "SELECT …" for PostgreSQL where it must differ])
--
-- sbtest1 has 24 columns and an index on big_int_col, sbtest2 five; both have table_size rows.

local columns = dofile("dbdyno_columns.lua")

sysbench.cmdline.options = { table_size = { "Rows a table", 10000 } }

function prepare()
   local driver = sysbench.sql.driver()
   local con, is_postgres = driver:connect(), driver:name() == "pgsql"
   local rows = sysbench.opt.table_size
   for name, list in pairs({ sbtest1 = columns.wide(), sbtest2 = columns.narrow(rows) }) do
      columns.create(con, name, list, name == "sbtest1" and "big_int_col", is_postgres)
      math.randomseed(0)
      columns.fill(con, name, list, rows, function()
         return columns.draw(list, is_postgres)
      end)
   end
   con:disconnect()
end

function cleanup()
   local con = sysbench.sql.driver():connect()
   con:query("DROP TABLE IF EXISTS sbtest1")
   con:query("DROP TABLE IF EXISTS sbtest2")
   con:disconnect()
end

return function(statement, postgres_statement)
   local con

   function thread_init()
      local driver = sysbench.sql.driver()
      con = driver:connect()
      if postgres_statement and driver:name() == "pgsql" then
         statement = postgres_statement
      end
   end

   function thread_done()
      con:disconnect()
   end

   function event()
      con:query(statement)
   end
end
