#!/usr/bin/env sysbench
-- Has the shape of Percona's TPC-C-like scripts, and no database: options, a module beside it, global transactions that an
-- event calls by name, a sixth kind that is none of TPC-C's.
require("tpcc_team_run")

sysbench.cmdline.options = {
   scale = { "Warehouses", 1 },
   tables = { "Table sets", 1 },
   trx_level = { "Isolation level", "RR" },
}

local turn = 0
local names = { "new_order", "payment", "new_order", "orderstatus", "delivery", "stocklevel", "purge" }

function thread_init()
   assert(sysbench.opt.scale == 3 and sysbench.opt.tables == 2 and sysbench.opt.trx_level == "RC", "options are missing")
end

function event()
   turn = turn + 1
   _G[names[turn % #names + 1]]()
end
