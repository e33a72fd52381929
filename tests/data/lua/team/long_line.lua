-- Some megabytes in one line, and an error of as many.
require("team_common")

function event()
   io.stderr:write("FATAL: " .. string.rep("megabytes ", 300000) .. "\n")
   error(string.rep("long ", 600000))
end
