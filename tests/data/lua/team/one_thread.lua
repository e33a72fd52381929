-- An error in one thread of two.
require("team_common")

function event(thread_id)
   con:query("SELECT 1")
   if thread_id == 1 then
      error("deliberate error in one thread")
   end
end
