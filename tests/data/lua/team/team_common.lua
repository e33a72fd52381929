-- A module of a team's own scripts, found beside them: a table that dbdyno does not know, and options.
sysbench.cmdline.options = { answers = { "Rows", 5 } }

function prepare()
   local con = sysbench.sql.driver():connect()
   con:query("CREATE TABLE team_answers (id INTEGER PRIMARY KEY)")
   for id = 1, sysbench.opt.answers do
      con:query("INSERT INTO team_answers VALUES (" .. id .. ")")
   end
end

function cleanup()
   sysbench.sql.driver():connect():query("DROP TABLE IF EXISTS team_answers")
end

function thread_init()
   con = sysbench.sql.driver():connect()
end

function thread_done()
   con:disconnect()
end
