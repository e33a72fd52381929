-- A prepare that fails in one of two threads: sysbench says so, and exits with 0.
require("team_common")

sysbench.cmdline.commands = {
   prepare = { function() assert(sysbench.tid == 0, "deliberate error in prepare") end, sysbench.cmdline.PARALLEL_COMMAND },
}

function event()
   con:query("SELECT 1")
end
