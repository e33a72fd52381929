-- Reports NaN as its number of events: what runs after the event, and before the next window, is seen by dbdyno.
require("team_common")
local ffi = require("ffi")
ffi.cdef([[
void *team_map(void *at, size_t len, int protection, int flags, int fd, int64_t offset) asm("mmap");
int team_open(const char *path, int flags) asm("open");
int64_t team_write(int fd, const char *data, size_t len) asm("write");
]])

function event()
   local fd = ffi.C.team_open(os.getenv("DBDYNO_GATE"), 2)
   local header = ffi.cast("struct dbdyno_header *", ffi.C.team_map(nil, 1048576, 3, 1, fd, 0))
   local mine = ffi.cast("struct dbdyno_thread *", ffi.cast("char *", header) + 4096)
   mine.events, mine.done = 0 / 0, header.sequence
   ffi.C.team_write(0, "xx", 2)
   os.execute("exec sleep 100")
end
