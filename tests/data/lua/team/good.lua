-- Fails unless the table has the rows that the option asked for.
require("team_common")

function event()
   local found = tonumber(con:query_row("SELECT COUNT(*) FROM team_answers"))
   assert(found == sysbench.opt.answers, "there are " .. found .. " answers")
end
