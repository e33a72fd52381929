-- Events that last --table-size microseconds: all of them with --tables=1, else only the one of the first thread that has the
-- number --tables - 1. It declares no options, so they are globals.
local ffi = require("ffi")
ffi.cdef([[int paced_sleep(unsigned int us) asm("usleep");]])

local us, only, events = 0, 0, 0

function thread_init(thread_id)
   us, only = tonumber(table_size), tonumber(tables) - 1
   if only > 0 and thread_id > 0 then
      us = 0
   end
end

function event()
   events = events + 1
   if us > 0 and (only == 0 or events == only) then
      ffi.C.paced_sleep(us)
   end
end
