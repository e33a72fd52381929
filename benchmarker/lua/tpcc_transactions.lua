-- The five transactions of TPC-C (clauses 2.4 to 2.8), each in two steps: choose its input, run it.
--
--    local terminal = transactions.terminal(connection, constants, options)
--    terminal:choose()            -- terminal.class is 1 to 5, in the order of the mix below
--    rolled_back = terminal:run() -- may be run again with the same input after an error
--
-- Rows that a transaction is going to change are read with FOR UPDATE, or changed before they are read, so that the
-- consistency conditions hold at every isolation level.

local data = require("tpcc_data")
local uniform, nurand, last_name = data.uniform, data.nurand, data.last_name

local DISTRICTS = 10

local transactions = {}
local terminal = {}
terminal.__index = terminal

function transactions.terminal(connection, constants, options)
   return setmetatable({ connection = connection, c = constants, scale = options.scale, sets = options.tables,
                         items = options.items, customers = options.customers }, terminal)
end

function terminal:execute(...)
   return self.connection:query(string.format(...))
end

-- The values of the only row; nothing if there is none.
function terminal:row(...)
   local result = self.connection:query(string.format(...))
   if result.nrows > 0 then
      return unpack(result:fetch_row(), 1, result.nfields)
   end
end

local function found(value, what)
   return value or error("dbdyno: " .. what .. " is not there: the data is not complete")
end

-- Any warehouse but this one, if there is another.
function terminal:other_warehouse(w)
   if self.scale == 1 then
      return w
   end
   local other = uniform(1, self.scale - 1)
   return other < w and other or other + 1
end

-- 60 % of customers come by last name, the others by number.
function terminal:choose_customer(input)
   if uniform(1, 100) <= 60 then
      -- Names beyond the number of customers may not exist, which is so only when the cardinalities are scaled down.
      input.last = last_name(nurand(255, 0, math.min(999, self.customers - 1), self.c.last_run))
   else
      input.customer = nurand(1023, 1, self.customers, self.c.customer)
   end
end

function terminal:choose_new_order(input)
   input.customer = nurand(1023, 1, self.customers, self.c.customer)
   input.all_local = 1
   input.lines = {}
   for i = 1, uniform(5, 15) do
      local line = { item = nurand(8191, 1, self.items, self.c.item), supply = input.warehouse, quantity = uniform(1, 10) }
      if self.scale > 1 and uniform(1, 100) == 1 then
         line.supply = self:other_warehouse(input.warehouse)
         input.all_local = 0
      end
      input.lines[i] = line
   end
   if uniform(1, 100) == 1 then
      input.lines[#input.lines].item = self.items + 1 -- an unused number: the order will be rolled back
   end
end

function terminal:choose_payment(input)
   input.amount = uniform(100, 500000) / 100
   input.customer_warehouse, input.customer_district = input.warehouse, input.district
   if uniform(1, 100) > 85 then
      input.customer_warehouse = self:other_warehouse(input.warehouse)
      input.customer_district = uniform(1, DISTRICTS)
   end
   self:choose_customer(input)
end

function terminal:choose_order_status(input)
   input.customer_warehouse, input.customer_district = input.warehouse, input.district
   self:choose_customer(input)
end

function terminal:choose_delivery(input)
   input.carrier = uniform(1, 10)
end

function terminal:choose_stock_level(input)
   input.threshold = uniform(10, 20)
end

-- Clause 5.2.3 sets least shares; the rest goes to new-order.
local mix = { 45, 88, 92, 96, 100 } -- sums of 45, 43, 4, 4, 4
local choosers = { terminal.choose_new_order, terminal.choose_payment, terminal.choose_order_status,
                   terminal.choose_delivery, terminal.choose_stock_level }

function terminal:choose()
   local share, class = uniform(1, 100), 1
   while share > mix[class] do
      class = class + 1
   end
   local input = { set = uniform(1, self.sets), warehouse = uniform(1, self.scale), district = uniform(1, DISTRICTS) }
   self.class, self.input = class, input
   choosers[class](self, input)
end

-- One line of an order: its amount, nil if there is no such item.
function terminal:order_line(input, order, number)
   local set, line = input.set, input.lines[number]
   local price, _, item_data = self:row("SELECT i_price, i_name, i_data FROM item%d WHERE i_id = %d", set, line.item)
   if not price then
      return nil
   end
   local quantity, stock_data, dist = self:row("SELECT s_quantity, s_data, s_dist_%02d FROM stock%d WHERE s_w_id = %d"
      .. " AND s_i_id = %d FOR UPDATE", input.district, set, line.supply, line.item)
   quantity = tonumber(found(quantity, "a row of stock"))
   quantity = quantity - line.quantity + (quantity >= line.quantity + 10 and 0 or 91)
   self:execute("UPDATE stock%d SET s_quantity = %d, s_ytd = s_ytd + %d, s_order_cnt = s_order_cnt + 1,"
      .. " s_remote_cnt = s_remote_cnt + %d WHERE s_w_id = %d AND s_i_id = %d", set, quantity, line.quantity,
      line.supply == input.warehouse and 0 or 1, line.supply, line.item)
   local amount = line.quantity * tonumber(price)
   line.brand = item_data:find("ORIGINAL", 1, true) and stock_data:find("ORIGINAL", 1, true) and "B" or "G"
   self:execute("INSERT INTO order_line%d (ol_o_id, ol_d_id, ol_w_id, ol_number, ol_i_id, ol_supply_w_id, ol_quantity,"
      .. " ol_amount, ol_dist_info) VALUES (%d, %d, %d, %d, %d, %d, %d, %.2f, '%s')", set, order, input.district,
      input.warehouse, number, line.item, line.supply, line.quantity, amount, dist)
   return amount
end

-- Clause 2.4. Returns true if it was rolled back for its unused item.
function terminal:run_new_order(input)
   local set, w, d = input.set, input.warehouse, input.district
   self:execute("BEGIN")
   local discount, _, _, w_tax = self:row("SELECT c_discount, c_last, c_credit, w_tax FROM customer%d, warehouse%d"
      .. " WHERE w_id = %d AND c_w_id = %d AND c_d_id = %d AND c_id = %d", set, set, w, w, d, input.customer)
   found(discount, "a customer")
   local order, d_tax = self:row("SELECT d_next_o_id, d_tax FROM district%d WHERE d_w_id = %d AND d_id = %d FOR UPDATE",
                                 set, w, d)
   found(order, "a district")
   self:execute("UPDATE district%d SET d_next_o_id = %d WHERE d_w_id = %d AND d_id = %d", set, order + 1, w, d)
   self:execute("INSERT INTO orders%d (o_id, o_d_id, o_w_id, o_c_id, o_entry_d, o_ol_cnt, o_all_local)"
      .. " VALUES (%d, %d, %d, %d, NOW(), %d, %d)", set, order, d, w, input.customer, #input.lines, input.all_local)
   self:execute("INSERT INTO new_orders%d (no_o_id, no_d_id, no_w_id) VALUES (%d, %d, %d)", set, order, d, w)
   local total = 0
   for number = 1, #input.lines do
      local amount = self:order_line(input, order, number)
      if not amount then
         self:execute("ROLLBACK")
         return true
      end
      total = total + amount
   end
   self.total = total * (1 - discount) * (1 + w_tax + d_tax) -- what the terminal would show
   self:execute("COMMIT")
   return false
end

-- The customer's number: given, or of the middle one, by first name, of those with the last name (clause 2.5.2.2).
function terminal:find_customer(input)
   if input.customer then
      return input.customer
   end
   local result = self:execute("SELECT c_id FROM customer%d WHERE c_w_id = %d AND c_d_id = %d AND c_last = '%s'"
      .. " ORDER BY c_first", input.set, input.customer_warehouse, input.customer_district, input.last)
   local middle = math.ceil(result.nrows / 2)
   local row
   for _ = 1, middle do
      row = result:fetch_row()
   end
   return tonumber(found(row, "a customer of that name")[1])
end

-- Clause 2.5.
function terminal:run_payment(input)
   local set, w, d = input.set, input.warehouse, input.district
   self:execute("BEGIN")
   self:execute("UPDATE warehouse%d SET w_ytd = w_ytd + %.2f WHERE w_id = %d", set, input.amount, w)
   local w_name = self:row("SELECT w_name, w_street_1, w_street_2, w_city, w_state, w_zip FROM warehouse%d WHERE w_id = %d",
                           set, w)
   self:execute("UPDATE district%d SET d_ytd = d_ytd + %.2f WHERE d_w_id = %d AND d_id = %d", set, input.amount, w, d)
   local d_name = self:row("SELECT d_name, d_street_1, d_street_2, d_city, d_state, d_zip FROM district%d"
      .. " WHERE d_w_id = %d AND d_id = %d", set, w, d)
   local customer = self:find_customer(input)
   local where = string.format("WHERE c_w_id = %d AND c_d_id = %d AND c_id = %d", input.customer_warehouse,
                               input.customer_district, customer)
   local credit = self:row("SELECT c_credit, c_first, c_middle, c_last, c_street_1, c_street_2, c_city, c_state, c_zip,"
      .. " c_phone, c_credit_lim, c_discount, c_balance, c_since FROM customer%d %s FOR UPDATE", set, where)
   found(credit, "a customer")
   local changes = string.format("c_balance = c_balance - %.2f, c_ytd_payment = c_ytd_payment + %.2f,"
      .. " c_payment_cnt = c_payment_cnt + 1", input.amount, input.amount)
   if credit == "BC" then
      local old = self:row("SELECT c_data FROM customer%d %s", set, where)
      local entry = string.format("%d %d %d %d %d %.2f|", customer, input.customer_district, input.customer_warehouse, d, w,
                                  input.amount)
      changes = changes .. ", c_data = '" .. (entry .. old):sub(1, 500) .. "'"
   end
   self:execute("UPDATE customer%d SET %s %s", set, changes, where)
   self:execute("INSERT INTO history%d (h_c_d_id, h_c_w_id, h_c_id, h_d_id, h_w_id, h_date, h_amount, h_data)"
      .. " VALUES (%d, %d, %d, %d, %d, NOW(), %.2f, '%s')", set, input.customer_district, input.customer_warehouse, customer,
      d, w, input.amount, w_name .. "    " .. d_name)
   self:execute("COMMIT")
end

-- Clause 2.6.
function terminal:run_order_status(input)
   local set, w, d = input.set, input.warehouse, input.district
   self:execute("BEGIN")
   local customer = self:find_customer(input)
   self:row("SELECT c_balance, c_first, c_middle, c_last FROM customer%d WHERE c_w_id = %d AND c_d_id = %d AND c_id = %d",
            set, w, d, customer)
   local order = self:row("SELECT o_id, o_entry_d, o_carrier_id FROM orders%d WHERE o_w_id = %d AND o_d_id = %d"
      .. " AND o_c_id = %d ORDER BY o_id DESC LIMIT 1", set, w, d, customer)
   self:execute("SELECT ol_i_id, ol_supply_w_id, ol_quantity, ol_amount, ol_delivery_d FROM order_line%d"
      .. " WHERE ol_w_id = %d AND ol_d_id = %d AND ol_o_id = %d", set, w, d, found(order, "an order"))
   self:execute("COMMIT")
end

-- The oldest order of a district that waits, if there is one.
function terminal:deliver(input, d)
   local set, w = input.set, input.warehouse
   local order = self:row("SELECT no_o_id FROM new_orders%d WHERE no_w_id = %d AND no_d_id = %d ORDER BY no_o_id LIMIT 1"
      .. " FOR UPDATE", set, w, d)
   if not order then
      return
   end
   self:execute("DELETE FROM new_orders%d WHERE no_w_id = %d AND no_d_id = %d AND no_o_id = %d", set, w, d, order)
   self:execute("UPDATE orders%d SET o_carrier_id = %d WHERE o_w_id = %d AND o_d_id = %d AND o_id = %d", set, input.carrier,
                w, d, order)
   local customer = self:row("SELECT o_c_id FROM orders%d WHERE o_w_id = %d AND o_d_id = %d AND o_id = %d", set, w, d, order)
   self:execute("UPDATE order_line%d SET ol_delivery_d = NOW() WHERE ol_w_id = %d AND ol_d_id = %d AND ol_o_id = %d", set, w,
                d, order)
   local amount = self:row("SELECT SUM(ol_amount) FROM order_line%d WHERE ol_w_id = %d AND ol_d_id = %d AND ol_o_id = %d",
                           set, w, d, order)
   self:execute("UPDATE customer%d SET c_balance = c_balance + %s, c_delivery_cnt = c_delivery_cnt + 1 WHERE c_w_id = %d"
      .. " AND c_d_id = %d AND c_id = %d", set, found(amount, "a line of an order"), w, d, found(customer, "an order"))
end

-- Clause 2.7, all ten districts in one transaction.
function terminal:run_delivery(input)
   self:execute("BEGIN")
   for d = 1, DISTRICTS do
      self:deliver(input, d)
   end
   self:execute("COMMIT")
end

-- Clause 2.8.
function terminal:run_stock_level(input)
   local set, w, d = input.set, input.warehouse, input.district
   self:execute("BEGIN")
   local next_order = self:row("SELECT d_next_o_id FROM district%d WHERE d_w_id = %d AND d_id = %d", set, w, d)
   found(next_order, "a district")
   self:row("SELECT COUNT(DISTINCT s_i_id) FROM order_line%d, stock%d WHERE ol_w_id = %d AND ol_d_id = %d AND ol_o_id < %d"
      .. " AND ol_o_id >= %d AND s_w_id = %d AND s_i_id = ol_i_id AND s_quantity < %d", set, set, w, d, next_order,
      next_order - 20, w, input.threshold)
   self:execute("COMMIT")
end

local runners = { terminal.run_new_order, terminal.run_payment, terminal.run_order_status, terminal.run_delivery,
                  terminal.run_stock_level }

function terminal:run()
   return runners[self.class](self, self.input) == true
end

return transactions
