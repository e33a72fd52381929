-- Percona's TPC-C-like scripts (tpcc.lua and what it requires, from the folder DBDYNO_SCRIPT_DIR) with the classes of
-- events that dbdyno's hook counts. The scripts run as they are: what they define globally is wrapped.

local ffi = require("ffi")

local ERROR = 4 -- sysbench's sb_counter_type
ffi.cdef([[uint64_t dbdyno_counter_of(int thread_id, int kind) asm("sb_counter_val");]])

dbdyno = dbdyno or {}

dofile(assert(os.getenv("DBDYNO_SCRIPT_DIR"), "dbdyno: DBDYNO_SCRIPT_DIR is not set") .. "/tpcc.lua")

-- In the order of the names in benchmarker/tpcc.c; whatever else an event does is of the last class.
local OTHER = 6
for number, name in ipairs({ "new_order", "payment", "orderstatus", "delivery", "stocklevel" }) do
   local transaction = assert(_G[name], "dbdyno: the scripts have no transaction " .. name)
   _G[name] = function(...)
      dbdyno.class = number
      return transaction(...)
   end
end

local their_event = event

-- An order that is rolled back for its unused item counts as an error there; one that raises an error is tried again and
-- does not come to the last line.
function event(thread_id)
   local errors = ffi.C.dbdyno_counter_of(thread_id, ERROR)
   dbdyno.class = OTHER
   local result = their_event(thread_id)
   dbdyno.rolled_back = ffi.C.dbdyno_counter_of(thread_id, ERROR) > errors
   return result
end

-- Their prepare waits half a minute for other threads to have made the tables. A thread that is alone has made them.
local their_sleep = sleep
if their_sleep then
   function sleep(seconds)
      if sysbench.opt.threads > 1 then
         their_sleep(seconds)
      end
   end
end
