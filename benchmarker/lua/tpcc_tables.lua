-- The nine tables of TPC-C, their keys and indexes. Names end in the number of the table set, as in Percona's scripts:
-- warehouse1, district1, …
--
-- Primary keys are those of clause 1.3; history, which needs none, has a number of its own, since some engines and set-ups
-- store no table without a key. Of other indexes there are the two by which the transactions search. Foreign keys are
-- not declared: the transactions keep them, and the consistency conditions check what they would.

local tables = {}

-- %n: number of the set; %t: date and time; %i: small number; %a: a counting key.
local definitions = {
   { "warehouse", [[w_id smallint NOT NULL, w_name varchar(10), w_street_1 varchar(20), w_street_2 varchar(20),
      w_city varchar(20), w_state char(2), w_zip char(9), w_tax decimal(4,4), w_ytd decimal(12,2), PRIMARY KEY (w_id)]] },
   { "district", [[d_id %i NOT NULL, d_w_id smallint NOT NULL, d_name varchar(10), d_street_1 varchar(20),
      d_street_2 varchar(20), d_city varchar(20), d_state char(2), d_zip char(9), d_tax decimal(4,4), d_ytd decimal(12,2),
      d_next_o_id int, PRIMARY KEY (d_w_id, d_id)]] },
   { "customer", [[c_id int NOT NULL, c_d_id %i NOT NULL, c_w_id smallint NOT NULL, c_first varchar(16), c_middle char(2),
      c_last varchar(16), c_street_1 varchar(20), c_street_2 varchar(20), c_city varchar(20), c_state char(2), c_zip char(9),
      c_phone char(16), c_since %t, c_credit char(2), c_credit_lim decimal(12,2), c_discount decimal(4,4),
      c_balance decimal(12,2), c_ytd_payment decimal(12,2), c_payment_cnt int, c_delivery_cnt int, c_data varchar(500),
      PRIMARY KEY (c_w_id, c_d_id, c_id)]] },
   { "history", [[h_id %a, h_c_id int, h_c_d_id %i, h_c_w_id smallint, h_d_id %i, h_w_id smallint, h_date %t,
      h_amount decimal(6,2), h_data varchar(24), PRIMARY KEY (h_id)]] },
   { "orders", [[o_id int NOT NULL, o_d_id %i NOT NULL, o_w_id smallint NOT NULL, o_c_id int, o_entry_d %t, o_carrier_id %i,
      o_ol_cnt %i, o_all_local %i, PRIMARY KEY (o_w_id, o_d_id, o_id)]] },
   { "new_orders", [[no_o_id int NOT NULL, no_d_id %i NOT NULL, no_w_id smallint NOT NULL,
      PRIMARY KEY (no_w_id, no_d_id, no_o_id)]] },
   { "order_line", [[ol_o_id int NOT NULL, ol_d_id %i NOT NULL, ol_w_id smallint NOT NULL, ol_number %i NOT NULL, ol_i_id int,
      ol_supply_w_id smallint, ol_delivery_d %t, ol_quantity %i, ol_amount decimal(6,2), ol_dist_info char(24),
      PRIMARY KEY (ol_w_id, ol_d_id, ol_o_id, ol_number)]] },
   { "stock", [[s_i_id int NOT NULL, s_w_id smallint NOT NULL, s_quantity smallint, s_dist_01 char(24), s_dist_02 char(24),
      s_dist_03 char(24), s_dist_04 char(24), s_dist_05 char(24), s_dist_06 char(24), s_dist_07 char(24), s_dist_08 char(24),
      s_dist_09 char(24), s_dist_10 char(24), s_ytd decimal(8,0), s_order_cnt int, s_remote_cnt int, s_data varchar(50),
      PRIMARY KEY (s_w_id, s_i_id)]] },
   { "item", [[i_id int NOT NULL, i_im_id int, i_name varchar(24), i_price decimal(5,2), i_data varchar(50),
      PRIMARY KEY (i_id)]] },
}

local dialects = {
   mysql = { ["%t"] = "datetime", ["%i"] = "tinyint", ["%a"] = "bigint NOT NULL AUTO_INCREMENT" },
   pgsql = { ["%t"] = "timestamp", ["%i"] = "smallint", ["%a"] = "bigserial" },
}

function tables.create(connection, driver, set)
   local dialect = assert(dialects[driver], "dbdyno: TPC-C-like runs on mysql and pgsql, not on " .. driver)
   for _, d in ipairs(definitions) do
      connection:query("CREATE TABLE " .. d[1] .. set .. " (" .. d[2]:gsub("%%%l", dialect) .. ")")
   end
end

-- After the rows: built from sorted rows, an index costs a part of what it costs to keep it row by row.
function tables.index(connection, set)
   connection:query(("CREATE INDEX idx_customer%d ON customer%d (c_w_id, c_d_id, c_last, c_first)"):format(set, set))
   connection:query(("CREATE INDEX idx_orders%d ON orders%d (o_w_id, o_d_id, o_c_id, o_id)"):format(set, set))
end

function tables.drop(connection, set)
   -- In this order, so that foreign keys between them, if another script declared some, are in no one's way.
   for _, name in ipairs({ "history", "new_orders", "order_line", "orders", "customer", "district", "stock", "item",
                           "warehouse" }) do
      connection:query("DROP TABLE IF EXISTS " .. name .. set)
   end
end

return tables
