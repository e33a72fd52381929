-- Writes "value bucket" lines with the hook's own mapping into the client's folder, for comparison with the C side.
local function write_buckets()
   local out = assert(io.open("buckets.txt", "w"))
   local function line(value)
      out:write(string.format("%.0f %.0f\n", value, dbdyno.bucket(value)))
   end
   for value = 0, 4200 do
      line(value)
   end
   for exponent = 12, 52 do
      local value = 2 ^ exponent
      for _, fraction in ipairs({ 1, 1 + 1 / 1024, 1 + 1 / 512, 1.25, 1.5, 1.998, 1.9999 }) do
         local v = math.floor(value * fraction)
         line(v - 1)
         line(v)
         line(v + 1)
      end
   end
   out:close()
end

function thread_init()
   write_buckets()
end

function event()
end
