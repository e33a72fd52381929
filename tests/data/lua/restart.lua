-- Every third try of a statement meets an error that sysbench ignores (--mysql-ignore-errors holds 1146).
local tries = 0

function thread_init()
   drv = sysbench.sql.driver()
   con = drv:connect()
end

function event()
   tries = tries + 1
   if tries % 3 == 0 then
      con:query("SELECT * FROM there_is_no_such_table")
   end
   con:query("SELECT 1")
end
