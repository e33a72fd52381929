-- An event that does not come back.
require("team_common")

function event()
   os.execute("exec sleep 100")
end
