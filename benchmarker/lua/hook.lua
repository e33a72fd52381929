-- The hook through which dbdyno drives every sysbench test:
--
--    DBDYNO_TEST=oltp_insert DBDYNO_GATE=/…/gate sysbench <options> /…/hook.lua run
--
-- It loads the test named by DBDYNO_TEST (a Lua module, or a path with a '/') and replaces thread_run: the threads stay
-- connected and work in windows that dbdyno opens through a shared file, the gate. benchmarker/gate.h describes the gate
-- and how the two sides wait for each other; the layout below is the same. Nothing is printed.
--
-- Per event: two readings of the clock and one histogram bucket, with no memory allocated. Clock values are kept as
-- doubles relative to the window's begin, where every nanosecond is exact for 104 days.
--
-- In an open loop (--rate) the gate says when events are due, and latency counts from there: a server that stalls delays
-- all events that were due meanwhile, and each of them shows it.
--
-- No sysbench option may be defined here for a test that defines none itself, like bulk_insert: it gets its options as
-- globals, as it expects.

local ffi = require("ffi")
local bit = require("bit")

assert(ffi.abi("le") and ffi.abi("64bit"), "dbdyno: only 64-bit little-endian machines are supported")

local GATE_MAGIC = 0x47594421
local GATE_ERROR_BYTES = 2048
local COMMAND_FINISH = 2
local STATE_WAITING, STATE_FAILED, STATE_ENDED = 1, 2, 3
local SUB_BUCKETS, BUCKETS = 512, 512 * 35
local OTHER, READ, WRITE, ERROR, RECONNECT = 0, 1, 2, 4, 5 -- sysbench's sb_counter_type

-- Names are prefixed because tests declare the same functions and structs in the same Lua state. System calls are
-- declared with the arguments that are passed, since LuaJIT would have to box those of a variadic function.
ffi.cdef([[
struct dbdyno_header {
   uint32_t magic, threads, thread_bytes, sequence, command, begin_s, begin_ns, classes;
   double duration_ns, drain_ns;
   struct { double interval_ns, next_ns; int32_t random[4]; } arrivals;
   char lock[64];
   char padding[4096 - 144];
};
struct dbdyno_thread {
   uint32_t state, done;
   double events, reads, writes, others, errors, reconnects;
   double latency_sum_ns, latency_min_ns, latency_max_ns, last_end_ns, late, lag_max_ns;
   char error[2048];
   char padding[4096 - 104 - 2048];
   uint32_t buckets[17920];
   char more_padding[2048];
};
struct dbdyno_class {
   double events, rollbacks, latency_sum_ns, latency_min_ns, latency_max_ns;
   char padding[2048 - 40];
   uint32_t buckets[17920];
};
/* struct timespec on 64-bit little-endian machines, by halves: numbers in Lua, where an int64_t would be an object. */
struct dbdyno_time { uint32_t s, s_high, ns, ns_high; };
union dbdyno_bits { double number; uint32_t half[2]; };
int dbdyno_clock(int id, struct dbdyno_time *t) asm("clock_gettime");
int dbdyno_sleep_until(int id, int flags, const struct dbdyno_time *t, void *left) asm("clock_nanosleep");
int dbdyno_open(const char *path, int flags) asm("open");
int dbdyno_close(int fd) asm("close");
void *dbdyno_map(void *at, size_t len, int protection, int flags, int fd, int64_t offset) asm("mmap");
int64_t dbdyno_write(int fd, const char *data, size_t len) asm("write");
long dbdyno_futex(long number, uint32_t *word, long op, long value, void *timeout, void *word2, long value3)
   asm("syscall");
int dbdyno_lock(void *lock) asm("pthread_mutex_lock");
int dbdyno_unlock(void *lock) asm("pthread_mutex_unlock");
int dbdyno_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d) asm("prctl");
uint64_t dbdyno_counter(int thread_id, int kind) asm("sb_counter_val");
]])

local FUTEX = assert(({ x64 = 202, arm64 = 98 })[ffi.arch], "dbdyno: unknown machine " .. ffi.arch)
local FUTEX_WAIT = 0
local MONOTONIC = 1

-- What a test may tell of each event (gate.h), and what tests of dbdyno itself look at. Older tests know nothing of it.
dbdyno = { class = 0, rolled_back = false }

local bits = ffi.new("union dbdyno_bits")

-- Bucket of a latency in whole nanoseconds (benchmarker/histogram.h): below 512 the value itself, above that 512 buckets
-- a doubling. The upper half of a double holds its exponent and, next to it, the highest bits of its mantissa: shifted
-- so that nine of those stay, it counts the buckets.
local function bucket(value)
   if value < SUB_BUCKETS then
      return value > 0 and value or 0
   end
   bits.number = value
   local b = bit.rshift(bits.half[1], 11) - bit.lshift(1023 + 8, 9)
   return b < BUCKETS and b or BUCKETS - 1
end
dbdyno.bucket = bucket

-- Scripts from a folder of the user's find their modules there, and sysbench's own where they always are.
local scripts = os.getenv("DBDYNO_SCRIPT_DIR")
if scripts then
   package.path = scripts .. "/?.lua;" .. package.path
end

local test = assert(os.getenv("DBDYNO_TEST"), "dbdyno: DBDYNO_TEST is not set")
if test:find("/", 1, true) then
   dofile(test)
else
   require(test)
end

if sysbench.cmdline.command == "run" and not event then
   error(test .. " is no test: it has no function event", 0)
end

-- sysbench refuses options that a test with options of its own does not know, and these are always given.
local options = sysbench.cmdline.options
if options then
   options.tables = options.tables or { "Tables", 1 }
   options.table_size = options.table_size or { "Rows a table", 10000 }
   -- sysbench makes a string of each default and remembers its address alone: if it is collected before it is read, the
   -- default is lost (select_random_points then asks for 0 points and crashes). The same text is the same string in Lua,
   -- so holding it here keeps it.
   dbdyno.defaults = {}
   for name, option in pairs(options) do
      dbdyno.defaults[name] = tostring(option[2])
   end
end

-- The gate, mapped once in each Lua state (a thread each): header, this thread's part, and its classes if there are any.
local header, mine, classes

local function map(fd, bytes, path)
   local base = ffi.C.dbdyno_map(nil, bytes, 3, 1, fd, 0) -- PROT_READ|WRITE, MAP_SHARED
   assert(base ~= ffi.cast("void *", -1), "dbdyno: cannot map the gate " .. path)
   return ffi.cast("char *", base)
end

local function open_gate(thread_id)
   if header then
      return
   end
   local path = assert(os.getenv("DBDYNO_GATE"), "dbdyno: DBDYNO_GATE is not set")
   local fd = ffi.C.dbdyno_open(path, 2) -- O_RDWR
   assert(fd >= 0, "dbdyno: cannot open the gate " .. path)
   local head, thread = ffi.sizeof("struct dbdyno_header"), ffi.sizeof("struct dbdyno_thread")
   local found = ffi.cast("struct dbdyno_header *", map(fd, head, path))
   local bytes = thread + found.classes * ffi.sizeof("struct dbdyno_class")
   assert(found.magic == GATE_MAGIC and found.thread_bytes == bytes and thread_id < found.threads,
          "dbdyno: " .. path .. " is not the gate of this hook")
   local base = map(fd, head + bytes * (thread_id + 1), path)
   ffi.C.dbdyno_close(fd)
   mine = ffi.cast("struct dbdyno_thread *", base + head + bytes * thread_id)
   if found.classes > 0 then
      classes = ffi.cast("struct dbdyno_class *", ffi.cast("char *", mine) + thread)
   end
   header = found
end

-- One byte to standard input, which is the writing end of dbdyno's pipe. Publishes what was stored before it.
local function notify()
   repeat
      local n = ffi.C.dbdyno_write(0, "x", 1)
   until n == 1 or ffi.errno() ~= 4 -- EINTR
end

-- Stores the error for dbdyno, and raises it for sysbench.
local function fail(message)
   local text = tostring(message)
   if type(message) == "table" then
      text = "SQL error " .. tostring(message.sql_errno) .. ": " .. tostring(message.sql_errmsg)
   end
   text = text:sub(1, GATE_ERROR_BYTES - 1)
   ffi.copy(mine.error, text, #text)
   mine.error[#text] = 0
   mine.state = STATE_FAILED
   notify()
   error(message, 0)
end

-- Goes on with an event after its first try failed: as sysbench does, it is tried again for errors that are ignored (and
-- counted by sysbench), and any other error ends the thread.
local function retry(thread_id, problem)
   while true do
      if type(problem) ~= "table" or problem.errcode ~= sysbench.error.RESTART_EVENT then
         fail(problem)
      end
      if sysbench.hooks.before_restart_event then
         sysbench.hooks.before_restart_event(problem)
      end
      local success, result = pcall(event, thread_id)
      if success then
         return result
      end
      problem = result
   end
end

-- Counts an event for the class that the test named.
local function count_class(latency, b)
   local number = dbdyno.class
   if not (number >= 1 and number <= header.classes) then
      fail("the test named no class of its event: dbdyno.class is " .. tostring(number))
   end
   local class = classes[number - 1]
   class.latency_min_ns = class.events > 0 and class.latency_min_ns < latency and class.latency_min_ns or latency
   class.latency_max_ns = class.latency_max_ns > latency and class.latency_max_ns or latency
   class.latency_sum_ns = class.latency_sum_ns + latency
   class.events = class.events + 1
   class.buckets[b] = class.buckets[b] + 1
   if dbdyno.rolled_back then
      class.rollbacks = class.rollbacks + 1
      dbdyno.rolled_back = false
   end
end

local time = ffi.new("struct dbdyno_time")

-- Sleeps until a time, in ns from the window's begin, or a little longer.
local function sleep_until(begin_s, begin_ns, at)
   local whole = begin_s + math.floor((begin_ns + at) / 1e9)
   time.s, time.s_high = whole, 0
   time.ns, time.ns_high = begin_ns + at - (whole - begin_s) * 1e9, 0
   ffi.C.dbdyno_sleep_until(MONOTONIC, 1, time, nil) -- TIMER_ABSTIME
end

-- Waits for a window's begin. The last millisecond is spent looking at the clock, since a sleep ends late.
local function wait_until(begin_s, begin_ns)
   local clock = ffi.C.dbdyno_clock
   clock(MONOTONIC, time)
   local left = (begin_s - time.s) * 1e9 + (begin_ns - time.ns)
   if left > 1e6 then
      sleep_until(begin_s, begin_ns, -1e6)
   end
   repeat
      clock(MONOTONIC, time)
   until (begin_s - time.s) * 1e9 + (begin_ns - time.ns) <= 0
end

local counted = { READ, WRITE, OTHER, ERROR, RECONNECT }
local before = {}

local function start_counting(thread_id)
   for i, kind in ipairs(counted) do
      before[i] = ffi.C.dbdyno_counter(thread_id, kind)
   end
end

local function counted_since(thread_id, i)
   return tonumber(ffi.C.dbdyno_counter(thread_id, counted[i]) - before[i])
end

-- Stores what a window gave.
local function store(thread_id, events, sum, least, most, finish)
   mine.events = events
   mine.reads = counted_since(thread_id, 1)
   mine.writes = counted_since(thread_id, 2)
   mine.others = counted_since(thread_id, 3)
   mine.errors = counted_since(thread_id, 4)
   mine.reconnects = counted_since(thread_id, 5)
   mine.latency_sum_ns = sum
   mine.latency_min_ns = events > 0 and least or 0
   mine.latency_max_ns = most
   mine.last_end_ns = finish
end

-- Works through one window, at least one event, and stores what it measured. Returns true if the test wants to stop.
local function work(thread_id)
   local clock = ffi.C.dbdyno_clock
   local event, buckets, classes = event, mine.buckets, classes
   local begin_s, begin_ns = header.begin_s, header.begin_ns
   local events, sum, least, most, finish = 0, 0, math.huge, 0, 0
   local success, result

   start_counting(thread_id)
   wait_until(begin_s, begin_ns)
   repeat
      clock(MONOTONIC, time)
      local start = (time.s - begin_s) * 1e9 + (time.ns - begin_ns)
      success, result = pcall(event, thread_id)
      if not success then
         result = retry(thread_id, result)
      end
      clock(MONOTONIC, time)
      finish = (time.s - begin_s) * 1e9 + (time.ns - begin_ns)
      local latency = finish - start
      local b = bucket(latency)
      buckets[b] = buckets[b] + 1
      if classes then
         count_class(latency, b)
      end
      events = events + 1
      sum = sum + latency
      least = latency < least and latency or least
      most = latency > most and latency or most
   until result or finish >= header.duration_ns -- read anew each time: dbdyno may end the window early

   store(thread_id, events, sum, least, most, finish)
   return result
end

-- Open loop: the time that is spent looking at the clock before an event is due, since a sleep ends late; and the longest
-- sleep, after which it is seen that dbdyno ended the window early.
local SPIN_NS, NAP_NS = 1e5, 1e8
local PR_SET_TIMERSLACK = 29

-- Takes the next arrival of the window, for a thread that is free at now: when it is due, or nothing if there is none
-- left, or no time to work it. The arithmetic of benchmarker/arrivals.c.
local function take_arrival(now)
   local a = header.arrivals
   ffi.C.dbdyno_lock(header.lock)
   local due = a.next_ns
   local taken = due < header.duration_ns and now < header.duration_ns + header.drain_ns
   if taken then
      local r = a.random
      local t = bit.bxor(r[0], bit.lshift(r[0], 11))
      r[0], r[1], r[2] = r[1], r[2], r[3]
      r[3] = bit.bxor(r[3], bit.rshift(r[3], 19), t, bit.rshift(t, 8))
      a.next_ns = due - math.log((r[3] + 2147483648.5) / 4294967296) * a.interval_ns
   end
   ffi.C.dbdyno_unlock(header.lock)
   return taken and due or nil
end

-- Waits until an event is due, and returns the time then; nothing if the window has ended before.
local function wait_due(begin_s, begin_ns, due)
   while true do
      ffi.C.dbdyno_clock(MONOTONIC, time)
      local now = (time.s - begin_s) * 1e9 + (time.ns - begin_ns)
      if due >= header.duration_ns then
         return nil
      elseif now >= due then
         return now
      elseif due - now > SPIN_NS then
         sleep_until(begin_s, begin_ns, math.min(due - SPIN_NS, now + NAP_NS))
      end
   end
end

-- Waits for the end of a window whose arrivals are all taken, and returns the time then.
local function wait_end(begin_s, begin_ns)
   while true do
      ffi.C.dbdyno_clock(MONOTONIC, time)
      local now = (time.s - begin_s) * 1e9 + (time.ns - begin_ns)
      if now >= header.duration_ns then
         return now
      end
      sleep_until(begin_s, begin_ns, math.min(header.duration_ns, now + NAP_NS))
   end
end

-- Works through one window of an open loop, as work does.
local function work_open(thread_id)
   local clock = ffi.C.dbdyno_clock
   local event, buckets, classes = event, mine.buckets, classes
   local begin_s, begin_ns = header.begin_s, header.begin_ns
   local events, sum, least, most, finish, late, lag_max = 0, 0, math.huge, 0, 0, 0, 0
   local success, result

   start_counting(thread_id)
   ffi.C.dbdyno_prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0) -- sleeps of this thread end when they should
   wait_until(begin_s, begin_ns)
   while not result do
      local due = take_arrival(finish)
      local start = due and wait_due(begin_s, begin_ns, due)
      if not start then
         break
      end
      late = start >= header.duration_ns and late + 1 or late
      lag_max = start - due > lag_max and math.floor(start - due) or lag_max
      success, result = pcall(event, thread_id)
      if not success then
         result = retry(thread_id, result)
      end
      clock(MONOTONIC, time)
      finish = (time.s - begin_s) * 1e9 + (time.ns - begin_ns)
      local latency = math.floor(finish - due)
      local b = bucket(latency)
      buckets[b] = buckets[b] + 1
      if classes then
         count_class(latency, b)
      end
      events = events + 1
      sum = sum + latency
      least = latency < least and latency or least
      most = latency > most and latency or most
   end
   finish = math.max(finish, result and finish or wait_end(begin_s, begin_ns))
   mine.late = late
   mine.lag_max_ns = lag_max
   store(thread_id, events, sum, least, most, finish)
   return result
end

-- Sleeps until the sequence is no longer the one seen last, and returns the new one.
local function next_command(seen)
   local word = ffi.cast("uint32_t *", ffi.cast("char *", header) + ffi.offsetof("struct dbdyno_header", "sequence"))
   repeat
      ffi.C.dbdyno_futex(FUTEX, word, FUTEX_WAIT, seen, nil, nil, 0)
   until word[0] ~= seen
   return word[0]
end

local test_thread_init = thread_init

function thread_init(thread_id)
   open_gate(thread_id)
   if test_thread_init then
      local success, problem = pcall(test_thread_init, thread_id)
      if not success then
         fail(problem)
      end
   end
end

function thread_run(thread_id)
   local seen = 0
   mine.state = STATE_WAITING
   notify()
   while true do
      seen = next_command(seen)
      if header.command == COMMAND_FINISH then
         return
      end
      local stop
      if header.arrivals.interval_ns > 0 then
         stop = work_open(thread_id)
      else
         stop = work(thread_id)
      end
      if stop then
         mine.state = STATE_ENDED
      end
      mine.done = seen
      notify()
      if stop then
         return
      end
   end
end

-- The report at the end would count sysbench's own loop, which did not run.
function sysbench.hooks.report_cumulative()
end
