-- Random data as clause 4.3.2 of the TPC-C specification defines it, written straight into a buffer of SQL.
--
--    local data = require("tpcc_data")
--    data.seed(seed, table_set, warehouse, part)       -- the same four give the same data, in whatever thread
--    data.uniform(1, 10); data.nurand(1023, 1, 3000, c)
--    data.begin("INSERT INTO item1 (i_id, i_name) VALUES ")
--    data.integer(7); data.text(","); data.quoted(14, 24) …
--    local sql = data.finish()
--
-- The generator is xoshiro128+ (Blackman and Vigna, prng.di.unimi.it), seeded by splitmix64: sysbench's own gives the same
-- numbers again only with one thread. One state and one buffer for each Lua state, which is a thread.

local ffi = require("ffi")
local bit = require("bit")
local bxor, bor, lshift, rshift, rol, tobit = bit.bxor, bit.bor, bit.lshift, bit.rshift, bit.rol, bit.tobit
local floor = math.floor

local data = {}

local state = ffi.new("int32_t[4]")

local function next_bits()
   local s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
   local result = tobit(s0 + s3)
   local t = lshift(s1, 9)
   s2 = bxor(s2, s0)
   s3 = bxor(s3, s1)
   s1 = bxor(s1, s2)
   s0 = bxor(s0, s3)
   state[0], state[1], state[2], state[3] = s0, s1, bxor(s2, t), rol(s3, 11)
   return result
end

-- One step of splitmix64 (Steele, Lea, Flood, OOPSLA 2014).
local function mix(z)
   z = bxor(z, rshift(z, 30)) * 0xbf58476d1ce4e5b9ULL
   z = bxor(z, rshift(z, 27)) * 0x94d049bb133111ebULL
   return bxor(z, rshift(z, 31))
end

-- Any number of whole numbers below 2^53.
function data.seed(...)
   local z = 0x9e3779b97f4a7c15ULL
   for i = 1, select("#", ...) do
      z = mix(z + 0x9e3779b97f4a7c15ULL * (ffi.cast("uint64_t", (select(i, ...))) + 1))
   end
   for i = 0, 1 do
      z = mix(z + 0x9e3779b97f4a7c15ULL)
      state[2 * i] = tobit(tonumber(bit.band(z, 0xffffffffULL)))
      state[2 * i + 1] = tobit(tonumber(rshift(z, 32)))
   end
end

-- A whole number from low to high, both included; less than 2^31 of them.
local function uniform(low, high)
   return low + floor(rshift(next_bits(), 1) * (high - low + 1) / 2147483648)
end
data.uniform = uniform

-- Clause 2.1.6: not uniform, as customers and items are asked for in life.
function data.nurand(a, low, high, c)
   return (bor(uniform(0, a), uniform(low, high)) + c) % (high - low + 1) + low
end

-- Constants C of NURand, the same in every thread; for last names the distance between those of load and of run that
-- clause 2.1.6.1 asks for.
function data.constants(seed)
   data.seed(seed, 0, 0, 0)
   local c = { last_load = uniform(0, 255), customer = uniform(0, 1023), item = uniform(0, 8191) }
   local delta
   repeat
      delta = uniform(65, 119)
   until delta ~= 96 and delta ~= 112
   c.last_run = c.last_load + delta <= 255 and c.last_load + delta or c.last_load - delta
   return c
end

local syllables = { [0] = "BAR", "OUGHT", "ABLE", "PRI", "PRES", "ESE", "ANTI", "CALLY", "ATION", "EING" }

-- Clause 4.3.2.3, of a number from 0 to 999.
function data.last_name(number)
   return syllables[floor(number / 100)] .. syllables[floor(number / 10) % 10] .. syllables[number % 10]
end

-- The buffer. A row is far below the slack that stands behind the mark at which a statement is sent.
local FULL, SLACK = 1024 * 1024, 8 * 1024
local buffer = ffi.new("char[?]", FULL + SLACK)
local at, rows = 0, 0
local head, send

-- Letters and digits, and two more for 64: each is as likely as any other.
local alphabet = ffi.new("char[64]", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.")
local digits = ffi.new("char[20]")

local function text(s)
   ffi.copy(buffer + at, s, #s)
   at = at + #s
end
data.text = text

local function byte(b)
   buffer[at] = b
   at = at + 1
end

local function integer(n)
   if n < 0 then
      byte(45) -- '-'
      n = -n
   end
   local i = 20
   repeat
      local rest = floor(n / 10)
      i = i - 1
      digits[i] = 48 + n - rest * 10
      n = rest
   until n == 0
   ffi.copy(buffer + at, digits + i, 20 - i)
   at = at + 20 - i
end
data.integer = integer

-- n units of 10^-places: money(1234, 2) is 12.34.
function data.decimal(n, places)
   local unit = places == 2 and 100 or 10000
   if n < 0 then
      byte(45)
      n = -n
   end
   local whole = floor(n / unit)
   local rest = n - whole * unit
   integer(whole)
   byte(46) -- '.'
   for _ = 1, places do
      unit = unit / 10
      local digit = floor(rest / unit)
      byte(48 + digit)
      rest = rest - digit * unit
   end
end

-- length random characters, five from 30 random bits.
local function characters(length)
   local stop = at + length
   while at < stop do
      local bits = next_bits()
      for _ = 1, 5 do
         if at == stop then
            break
         end
         buffer[at] = alphabet[rshift(bits, 26)]
         at = at + 1
         bits = lshift(bits, 6)
      end
   end
end

-- 'random string' of least to most characters, with the quotes.
local function quoted(least, most)
   byte(39)
   characters(least == most and least or uniform(least, most))
   byte(39)
end
data.quoted = quoted

-- Clause 4.3.3.1 on I_DATA and S_DATA: 26 to 50 characters, ORIGINAL somewhere in 10 % of them.
function data.original()
   local length = uniform(26, 50)
   byte(39)
   local first = at
   characters(length)
   if uniform(1, 10) == 1 then
      ffi.copy(buffer + first + uniform(0, length - 8), "ORIGINAL", 8)
   end
   byte(39)
end

-- length digits in quotes, and what follows them.
function data.number_string(length, suffix)
   byte(39)
   for _ = 1, length do
      byte(48 + uniform(0, 9))
   end
   text(suffix)
   byte(39)
end

function data.state_code()
   byte(39)
   byte(65 + uniform(0, 25))
   byte(65 + uniform(0, 25))
   byte(39)
end

-- Rows of one table, sent in statements of some 1 MiB by run(sql):
--    data.begin(run, "INSERT INTO t VALUES "); for … do data.row(); … data.row_end(); end; data.finish()
function data.begin(run, insert)
   send, head = run, insert
   at, rows = 0, 0
end

function data.row()
   if rows == 0 then
      at = 0
      text(head)
   else
      byte(44) -- ','
   end
   byte(40) -- '('
end

function data.finish()
   if rows > 0 then
      rows = 0
      send(ffi.string(buffer, at))
   end
end

function data.row_end()
   byte(41) -- ')'
   rows = rows + 1
   if at >= FULL then
      data.finish()
   end
end

function data.comma()
   byte(44)
end

return data
