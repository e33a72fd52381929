-- A script of the older kind: no options of its own, so that they are globals.
function prepare()
   assert(tonumber(table_size) and tonumber(tables) and tonumber(answers) == 7, "no globals")
end

function cleanup()
end

function thread_init()
   con = sysbench.sql.driver():connect()
end

function event()
   assert(tonumber(answers) == 7, "the option is not here")
   con:query("SELECT 1")
end
