local ffi = require("ffi")
ffi.cdef([[void team_count(int thread_id, int kind) asm("sb_counter_inc");]])

local ERROR = 4 -- sysbench's sb_counter_type
local orders = 0

-- Every fourth order is rolled back and counted as an error, as theirs does with one of a hundred.
function new_order()
   orders = orders + 1
   if orders % 4 == 0 then
      ffi.C.team_count(sysbench.tid, ERROR)
   end
end

function payment() end
function orderstatus() end
function delivery() end
function stocklevel() end
function purge() end
