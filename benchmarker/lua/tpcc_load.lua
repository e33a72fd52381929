-- The first rows, as clause 4.3.3.1 of the TPC-C specification defines them.
--
-- The work is cut into parts that touch different tables or warehouses: units(…) lists them, and any thread may fill any
-- of them, since each part's data has a seed of its own. Statements insert some thousands of rows each.

local data = require("tpcc_data")
local uniform, integer, decimal, quoted, text = data.uniform, data.integer, data.decimal, data.quoted, data.text
local comma, row, row_end = data.comma, data.row, data.row_end

local DISTRICTS = 10
local load = {}

-- Orders that are delivered at the start: 2,100 of 3,000.
local function delivered(customers)
   return math.floor(customers * 0.7)
end

local function address()
   quoted(10, 20); comma()
   quoted(10, 20); comma()
   quoted(10, 20); comma()
   data.state_code(); comma()
   data.number_string(4, "11111")
end

local function items(p)
   data.begin(p.run, "INSERT INTO item" .. p.set .. " (i_id,i_im_id,i_name,i_price,i_data) VALUES ")
   for i = 1, p.items do
      row()
      integer(i); comma()
      integer(uniform(1, 10000)); comma()
      quoted(14, 24); comma()
      decimal(uniform(100, 10000), 2); comma()
      data.original()
      row_end()
   end
   data.finish()
end

local function stock(p)
   data.begin(p.run, "INSERT INTO stock" .. p.set .. " (s_i_id,s_w_id,s_quantity,s_dist_01,s_dist_02,s_dist_03,s_dist_04,"
      .. "s_dist_05,s_dist_06,s_dist_07,s_dist_08,s_dist_09,s_dist_10,s_ytd,s_order_cnt,s_remote_cnt,s_data) VALUES ")
   for i = 1, p.items do
      row()
      integer(i); comma()
      integer(p.warehouse); comma()
      integer(uniform(10, 100)); comma()
      for _ = 1, DISTRICTS do
         quoted(24, 24); comma()
      end
      text("0,0,0,")
      data.original()
      row_end()
   end
   data.finish()
end

local function warehouse(p)
   data.begin(p.run, "INSERT INTO warehouse" .. p.set
      .. " (w_id,w_name,w_street_1,w_street_2,w_city,w_state,w_zip,w_tax,w_ytd) VALUES ")
   row()
   integer(p.warehouse); comma()
   quoted(6, 10); comma()
   address(); comma()
   decimal(uniform(0, 2000), 4)
   text(",300000.00")
   row_end()
   data.finish()
end

local function districts(p)
   data.begin(p.run, "INSERT INTO district" .. p.set
      .. " (d_id,d_w_id,d_name,d_street_1,d_street_2,d_city,d_state,d_zip,d_tax,d_ytd,d_next_o_id) VALUES ")
   for d = 1, DISTRICTS do
      row()
      integer(d); comma()
      integer(p.warehouse); comma()
      quoted(6, 10); comma()
      address(); comma()
      decimal(uniform(0, 2000), 4)
      text(",30000.00,")
      integer(p.customers + 1)
      row_end()
   end
   data.finish()
end

local function customers(p)
   data.begin(p.run, "INSERT INTO customer" .. p.set .. " (c_id,c_d_id,c_w_id,c_last,c_middle,c_first,c_street_1,c_street_2,"
      .. "c_city,c_state,c_zip,c_phone,c_since,c_credit,c_credit_lim,c_discount,c_balance,c_ytd_payment,c_payment_cnt,"
      .. "c_delivery_cnt,c_data) VALUES ")
   for d = 1, DISTRICTS do
      for c = 1, p.customers do
         row()
         integer(c); comma()
         integer(d); comma()
         integer(p.warehouse)
         text(",'")
         text(data.last_name(c <= 1000 and c - 1 or data.nurand(255, 0, 999, p.constants.last_load)))
         text("','OE',")
         quoted(8, 16); comma()
         address(); comma()
         data.number_string(16, "")
         text(p.now)
         text(uniform(1, 10) == 1 and "'BC'" or "'GC'")
         text(",50000.00,")
         decimal(uniform(0, 5000), 4)
         text(",-10.00,10.00,1,0,")
         quoted(300, 500)
         row_end()
      end
   end
   data.finish()
end

local function history(p)
   data.begin(p.run, "INSERT INTO history" .. p.set
      .. " (h_c_id,h_c_d_id,h_c_w_id,h_d_id,h_w_id,h_date,h_amount,h_data) VALUES ")
   for d = 1, DISTRICTS do
      for c = 1, p.customers do
         row()
         integer(c); comma()
         integer(d); comma()
         integer(p.warehouse); comma()
         integer(d); comma()
         integer(p.warehouse)
         text(p.now)
         text("10.00,")
         quoted(12, 24)
         row_end()
      end
   end
   data.finish()
end

-- A random permutation of the customers of a district: each has one order.
local function shuffle(n)
   local list = {}
   for i = 1, n do
      list[i] = i
   end
   for i = n, 2, -1 do
      local j = uniform(1, i)
      list[i], list[j] = list[j], list[i]
   end
   return list
end

local function orders_of(p, d, counts)
   local order_customer = shuffle(p.customers)
   data.begin(p.run, "INSERT INTO orders" .. p.set
      .. " (o_id,o_d_id,o_w_id,o_c_id,o_entry_d,o_carrier_id,o_ol_cnt,o_all_local) VALUES ")
   for o = 1, p.customers do
      counts[o] = uniform(5, 15)
      row()
      integer(o); comma()
      integer(d); comma()
      integer(p.warehouse); comma()
      integer(order_customer[o])
      text(p.now)
      if o <= delivered(p.customers) then
         integer(uniform(1, 10))
      else
         text("NULL")
      end
      comma()
      integer(counts[o])
      text(",1")
      row_end()
   end
   data.finish()
end

local function new_orders_of(p, d)
   data.begin(p.run, "INSERT INTO new_orders" .. p.set .. " (no_o_id,no_d_id,no_w_id) VALUES ")
   for o = delivered(p.customers) + 1, p.customers do
      row()
      integer(o); comma()
      integer(d); comma()
      integer(p.warehouse)
      row_end()
   end
   data.finish()
end

local function lines_of(p, d, counts)
   data.begin(p.run, "INSERT INTO order_line" .. p.set .. " (ol_o_id,ol_d_id,ol_w_id,ol_number,ol_i_id,ol_supply_w_id,"
      .. "ol_delivery_d,ol_quantity,ol_amount,ol_dist_info) VALUES ")
   for o = 1, p.customers do
      local is_delivered = o <= delivered(p.customers)
      for line = 1, counts[o] do
         row()
         integer(o); comma()
         integer(d); comma()
         integer(p.warehouse); comma()
         integer(line); comma()
         integer(uniform(1, p.items)); comma()
         integer(p.warehouse)
         text(is_delivered and p.now or ",NULL,")
         text("5,")
         decimal(is_delivered and 0 or uniform(1, 999999), 2)
         comma()
         quoted(24, 24)
         row_end()
      end
   end
   data.finish()
end

local function orders(p)
   for d = 1, DISTRICTS do
      local counts = {}
      orders_of(p, d, counts)
      new_orders_of(p, d)
      lines_of(p, d, counts)
   end
end

local function people(p)
   warehouse(p)
   districts(p)
   customers(p)
   history(p)
end

-- The parts, in an order in which large ones come early.
function load.units(scale, sets)
   local list = {}
   for set = 1, sets do
      for w = 1, scale do
         list[#list + 1] = { fill = orders, number = 1, set = set, warehouse = w }
         list[#list + 1] = { fill = stock, number = 2, set = set, warehouse = w }
         list[#list + 1] = { fill = people, number = 3, set = set, warehouse = w }
      end
      list[#list + 1] = { fill = items, number = 4, set = set, warehouse = 0 }
   end
   return list
end

-- Fills one part. run(sql) sends a statement.
function load.fill(unit, run, seed, options)
   local part = { run = run, set = unit.set, warehouse = unit.warehouse, items = options.items,
                  customers = options.customers, constants = data.constants(seed),
                  now = os.date(",'%Y-%m-%d %H:%M:%S',") }
   data.seed(seed, unit.set, unit.warehouse, unit.number)
   unit.fill(part)
end

return load
