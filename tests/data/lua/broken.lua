-- A test that goes wrong in the way that --table-size numbers. It declares no options, so they are globals.
local ffi = require("ffi")
ffi.cdef([[
void *broken_map(void *at, size_t len, int protection, int flags, int fd, int64_t offset) asm("mmap");
int broken_open(const char *path, int flags) asm("open");
int64_t broken_write(int fd, const char *data, size_t len) asm("write");
]])

local way, events = 0, 0

function thread_init()
   way = tonumber(table_size)
   if way == 8 then
      error("deliberate error in thread_init")
   end
end

-- This thread's part of the gate (benchmarker/gate.h), mapped a second time.
local function part(thread_id)
   local fd = ffi.C.broken_open(os.getenv("DBDYNO_GATE"), 2)
   local bytes = ffi.sizeof("struct dbdyno_thread")
   local base = ffi.C.broken_map(nil, 4096 + (thread_id + 1) * bytes, 3, 1, fd, 0)
   return ffi.cast("struct dbdyno_thread *", ffi.cast("char *", base) + 4096 + thread_id * bytes)
end

-- Reports a window's end by itself, and is not heard of again.
local function report(thread_id, change)
   local mine = part(thread_id)
   mine.events, mine.latency_sum_ns, mine.latency_min_ns, mine.latency_max_ns, mine.last_end_ns = 1, 1, 1, 1, 1
   mine.buckets[1] = 1
   mine.done = ffi.cast("struct dbdyno_header *", ffi.cast("char *", mine) - thread_id
                        * ffi.sizeof("struct dbdyno_thread") - 4096).sequence
   change(mine)
   ffi.C.broken_write(0, "x", 1)
   while true do
      os.execute("exec sleep 100")
   end
end

local ways = {
   [1] = function(thread_id)
      if thread_id == 1 and events > 10 then
         error("deliberate error in one thread")
      end
   end,
   [2] = function(thread_id) report(thread_id, function(mine) mine.events = 0 / 0 end) end,
   [3] = function(thread_id) report(thread_id, function(mine) mine.latency_sum_ns = -1 end) end,
   [4] = function(thread_id) report(thread_id, function(mine) mine.state = 77 end) end,
   [5] = function(thread_id) report(thread_id, function(mine) mine.last_end_ns = 1e15 end) end,
   [6] = function(thread_id) part(thread_id).buckets[12] = 4000000000 end,
   [7] = function() os.exit(3) end,
   [9] = function() io.stderr:write("FATAL: " .. string.rep("megabytes ", 300000) .. "\n") error("after a long line") end,
   [10] = function() return true end,
   [11] = function() error(string.rep("long", 100000)) end,
   [12] = function() error({ "a table without text" }) end,
   [13] = function() os.execute("kill -SEGV $PPID; exec sleep 100") end,
   [14] = function(thread_id) report(thread_id, function(mine) mine.done = 12345 end) end,
   [15] = function(thread_id) report(thread_id, function(mine) mine.events = 0.5 end) end,
   [16] = function(thread_id) report(thread_id, function(mine) mine.late = 2 end) end,
   [17] = function(thread_id) report(thread_id, function(mine) mine.lag_max_ns = 0 / 0 end) end,
}

function event(thread_id)
   events = events + 1
   return ways[way](thread_id)
end
