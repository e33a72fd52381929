-- A prepare that makes half of the rows and exits with 0.
function prepare()
   local con = sysbench.sql.driver():connect()
   con:query("CREATE TABLE sbtest1(id INTEGER PRIMARY KEY)")
   for i = 1, table_size / 2 do
      con:query("INSERT INTO sbtest1 VALUES (" .. i .. ")")
   end
end

function cleanup()
   sysbench.sql.driver():connect():query("DROP TABLE IF EXISTS sbtest1")
end

function event()
end
