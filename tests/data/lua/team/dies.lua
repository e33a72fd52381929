require("team_common")

function event()
   os.exit(3)
end
