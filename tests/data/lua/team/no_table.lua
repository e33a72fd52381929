require("team_common")

function event()
   con:query("SELECT * FROM team_questions")
end
