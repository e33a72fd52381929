-- Deletes a row of sysbench's own kind of table, and inserts it with new values: two transactions of one statement each.

local columns = dofile("dbdyno_columns.lua")

sysbench.cmdline.options = { table_size = { "Rows", 10000 } }

-- sysbench.rand.string puts a digit for each #: ten groups of eleven (119 characters), and five (59).
local group = "###########"
local C = string.rep(group .. "-", 9) .. group
local PAD = string.rep(group .. "-", 4) .. group

local con, rows

local function row(id)
   return string.format("(%d, %d, '%s', '%s')", id, sysbench.rand.default(1, rows), sysbench.rand.string(C),
                        sysbench.rand.string(PAD))
end

function prepare()
   local driver = sysbench.sql.driver()
   local is_postgres = driver:name() == "pgsql"
   con, rows = driver:connect(), sysbench.opt.table_size
   con:query("CREATE TABLE sbtest1 (id INT NOT NULL" .. (is_postgres and "" or " AUTO_INCREMENT")
      .. ", k INTEGER DEFAULT '0' NOT NULL, c CHAR(120) DEFAULT '' NOT NULL, pad CHAR(60) DEFAULT '' NOT NULL, PRIMARY KEY (id)"
      .. (is_postgres and ")" or ", KEY k_1 (k))"))
   if is_postgres then
      con:query("CREATE INDEX k_1 ON sbtest1 (k)")
   end
   con:bulk_insert_init("INSERT INTO sbtest1 (id, k, c, pad) VALUES")
   for id = 1, rows do
      con:bulk_insert_next(row(id))
   end
   con:bulk_insert_done()
   con:disconnect()
end

function cleanup()
   local con = sysbench.sql.driver():connect()
   con:query("DROP TABLE IF EXISTS sbtest1")
   con:disconnect()
end

function thread_init()
   con, rows = sysbench.sql.driver():connect(), sysbench.opt.table_size
end

function thread_done()
   con:disconnect()
end

function event(thread_id)
   local id = columns.own_id(thread_id, rows)
   con:query("DELETE FROM sbtest1 WHERE id = " .. id)
   con:query("INSERT INTO sbtest1 (id, k, c, pad) VALUES " .. row(id))
end
