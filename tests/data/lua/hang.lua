-- A statement that does not come back.
function thread_init()
   drv = sysbench.sql.driver()
   con = drv:connect()
end

function event()
   con:query("SELECT SLEEP(100)")
end
