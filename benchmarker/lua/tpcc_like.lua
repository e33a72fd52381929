-- A workload like TPC-C, for sysbench 1.0.20 on the MySQL and the PostgreSQL protocol. What it is and what it is not:
-- docs/tpcc.md. By hand:
--
--    sysbench --db-driver=mysql … --scale=1 ./tpcc_like.lua create       tables
--    sysbench … --threads=2 ./tpcc_like.lua fill                         rows, in any number of threads
--    sysbench … ./tpcc_like.lua index
--    sysbench … --time=60 ./tpcc_like.lua run
--    sysbench … ./tpcc_like.lua cleanup
--
-- Under dbdyno's hook every event tells its class (dbdyno.class) and whether it was rolled back as it should
-- (dbdyno.rolled_back).

local data = require("tpcc_data")
local load = require("tpcc_load")
local tables = require("tpcc_tables")
local transactions = require("tpcc_transactions")

local TRIES = 10 -- of a part of the rows
local SEED_OF_RUN = 1000000 -- apart from the numbers of table sets

dbdyno = dbdyno or {}

sysbench.cmdline.options = {
   scale = { "Warehouses", 1 },
   tables = { "Table sets", 1 },
   trx_level = { "Isolation level: RR, RC or SER", "RR" },
   items = { "Items, and rows of stock for each warehouse", 100000 },
   customers = { "Customers, and first orders, of each district", 3000 },
}

local isolation = { RR = "REPEATABLE READ", RC = "READ COMMITTED", SER = "SERIALIZABLE" }

local function connect()
   local driver = sysbench.sql.driver()
   return driver:connect(), driver:name()
end

local function seed()
   return sysbench.opt.rand_seed
end

-- sysbench ends with 0 when a command of its threads fails. This one does not.
local function checked(command)
   return function()
      local success, problem = pcall(command)
      if not success then
         local text = type(problem) == "table" and (problem.sql_errmsg or "an ignored SQL error") or problem
         io.stderr:write("FATAL: ", tostring(text), "\n")
         os.exit(1)
      end
   end
end

local function create()
   local connection, driver = connect()
   for set = 1, sysbench.opt.tables do
      tables.create(connection, driver, set)
   end
end

-- One part in one transaction, which a server makes durable once. A deadlock takes it back as a whole.
local function fill_part(connection, unit)
   local function run(sql)
      connection:query(sql)
   end
   for try = 1, TRIES do
      run("BEGIN")
      local success, problem = pcall(load.fill, unit, run, seed(), sysbench.opt)
      run(success and "COMMIT" or "ROLLBACK")
      if success then
         return
      end
      if try == TRIES or type(problem) ~= "table" or problem.errcode ~= sysbench.error.RESTART_EVENT then
         error(problem, 0)
      end
   end
end

local function fill()
   local connection = connect()
   for i, unit in ipairs(load.units(sysbench.opt.scale, sysbench.opt.tables)) do
      if (i - 1) % sysbench.opt.threads == sysbench.tid then
         fill_part(connection, unit)
      end
   end
end

local function index()
   local connection = connect()
   for set = 1, sysbench.opt.tables do
      tables.index(connection, set)
   end
end

local function drop()
   local connection = connect()
   for set = 1, sysbench.opt.tables do
      tables.drop(connection, set)
   end
end

sysbench.cmdline.commands = {
   create = { checked(create) },
   fill = { checked(fill), sysbench.cmdline.PARALLEL_COMMAND },
   index = { checked(index) },
   cleanup = { checked(drop) },
}

local terminal -- of this thread

function thread_init(thread_id)
   local level = assert(isolation[sysbench.opt.trx_level], "dbdyno: --trx_level is RR, RC or SER")
   local connection, driver = connect()
   if driver == "mysql" then
      connection:query("SET SESSION TRANSACTION ISOLATION LEVEL " .. level)
   else
      connection:query("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL " .. level)
   end
   local constants = data.constants(seed())
   data.seed(seed(), SEED_OF_RUN, thread_id, 0)
   terminal = transactions.terminal(connection, constants, sysbench.opt)
end

function thread_done()
   terminal.connection:disconnect()
end

-- An event that met a deadlock or a serialization failure is tried again with the same input, as a user would.
local again = false

function event()
   if not again then
      terminal:choose()
   end
   again = false
   dbdyno.class = terminal.class
   dbdyno.rolled_back = terminal:run()
end

function sysbench.hooks.before_restart_event()
   again = true
   terminal.connection:query("ROLLBACK")
end
