-- Tables of many types, for dbdyno's own tests on both protocols.
--
-- A column is { name, type in MySQL, type in PostgreSQL, draw(is_postgres) }: draw gives its next value as an SQL literal.
-- The generator is LuaJIT's with a fixed seed, and values are drawn in the order of the columns, so that every run, on
-- every machine, has the same rows, which are those that the public scripts of the same names have. PostgreSQL knows no
-- unsigned, bit, enum and set types: there the columns hold signed numbers and short strings.

local M = {}

-- Whole numbers; PostgreSQL's range where it differs.
local function whole(low, high, postgres_low, postgres_high)
   return function(is_postgres)
      if is_postgres and postgres_low then
         return math.random(postgres_low, postgres_high)
      end
      return math.random(low, high)
   end
end

local function fraction()
   return math.random()
end

local function flag(is_postgres)
   local value = math.random(0, 1)
   return is_postgres and "'" .. value .. "'" or value
end

local function character()
   return "'" .. string.char(math.random(0x30, 0x5a)) .. "'"
end

-- One of val0 … of the given number.
local function word(choices)
   return function()
      return "'val" .. math.random(1, choices) - 1 .. "'"
   end
end

local function document(choices)
   return function()
      return "'{\"val" .. math.random(1, choices) - 1 .. "\":1}'"
   end
end

local function point()
   local x = math.random(1, 3)
   return "ST_GeomFromText('Point(" .. x .. " " .. math.random(1, 3) .. ")')"
end

local function day()
   local month = math.random(1, 9)
   return string.format("2020-0%d-%d", month, math.random(10, 28))
end

local function minute()
   local hour = math.random(1, 9)
   return string.format("0%d:%d:00", hour, math.random(10, 59))
end

local function date()
   return "'" .. day() .. "'"
end

local function time()
   return "'" .. minute() .. "'"
end

local function moment()
   local date = day()
   return "'" .. date .. " " .. minute() .. "'"
end

local function list(kind, count)
   local values = {}
   for i = 1, count do
      values[i] = "'val" .. i - 1 .. "'"
   end
   return kind .. "(" .. table.concat(values, ", ") .. ") NOT NULL"
end

local INT = "INTEGER NOT NULL"
local MOST = 4611686018427387904 -- 2^62

-- The numbers that both tables begin with. float: PostgreSQL's type of float_col.
local function numbers(float)
   return {
      { "tiny_int_col", "TINYINT NOT NULL", "SMALLINT NOT NULL", whole(-128, 127) },
      { "unsigned_tiny_int_col", "TINYINT UNSIGNED NOT NULL", "SMALLINT NOT NULL", whole(0, 255, -128, 127) },
      { "small_int_col", "SMALLINT NOT NULL", "SMALLINT NOT NULL", whole(-32768, 32767) },
      { "unsigned_small_int_col", "SMALLINT UNSIGNED NOT NULL", "SMALLINT NOT NULL", whole(0, 65535, -32768, 32767) },
      { "medium_int_col", "MEDIUMINT NOT NULL", INT, whole(-8388608, 8388607) },
      { "unsigned_medium_int_col", "MEDIUMINT UNSIGNED NOT NULL", INT, whole(0, 16777215, -8388608, 8388607) },
      { "int_col", INT, INT, whole(-2147483648, 2147483647) },
      { "unsigned_int_col", "INTEGER UNSIGNED NOT NULL", INT, whole(0, 4294967295, -2147483648, 2147483647) },
      { "big_int_col", "BIGINT NOT NULL", "BIGINT NOT NULL", whole(-MOST, MOST - 1) },
      { "unsigned_big_int_col", "BIGINT UNSIGNED NOT NULL", "BIGINT NOT NULL", whole(0, 2 * MOST - 1, -MOST, MOST - 1) },
      { "decimal_col", "DECIMAL NOT NULL", "DECIMAL NOT NULL", fraction },
      { "float_col", "FLOAT NOT NULL", float .. " NOT NULL", fraction },
      { "double_col", "DOUBLE NOT NULL", "DOUBLE PRECISION NOT NULL", fraction },
      { "bit_col", "BIT NOT NULL", "VARCHAR(64) NOT NULL", flag },
      { "char_col", "CHAR NOT NULL", "CHAR NOT NULL", character },
   }
end

-- The sets and times that both end with. listed: values of enum and set; drawn: how many of them are used.
local function sets_and_times(columns, listed, drawn)
   for _, column in ipairs({
      { "enum_col", list("ENUM", listed), "VARCHAR(5)", word(drawn) },
      { "set_col", list("SET", listed), "VARCHAR(5)", word(drawn) },
      { "date_col", "DATE NOT NULL", "DATE NOT NULL", date },
      { "time_col", "TIME NOT NULL", "TIME NOT NULL", time },
      { "datetime_col", "DATETIME NOT NULL", "TIMESTAMP NOT NULL", moment },
      { "timestamp_col", "TIMESTAMP NOT NULL", "TIMESTAMP NOT NULL", moment },
      { "year_col", "YEAR NOT NULL", "SMALLINT NOT NULL", whole(1901, 2155) },
   }) do
      columns[#columns + 1] = column
   end
   return columns
end

-- Columns of sbtest1 of the scans and joins.
function M.wide()
   local columns = numbers("REAL")
   columns[#columns + 1] = { "var_char_col", "VARCHAR(64) NOT NULL", "VARCHAR(64) NOT NULL", word(3) }
   return sets_and_times(columns, 3, 3)
end

-- Columns of sbtest2, whose int_col points at an id of sbtest1.
function M.narrow(rows)
   return {
      { "int_col", INT, INT, whole(0, rows) },
      { "unsigned_int_col", "INTEGER UNSIGNED NOT NULL", INT, whole(0, 4294967295, -2147483648, 2147483647) },
      { "char_col", "CHAR NOT NULL", "CHAR NOT NULL", character },
      { "var_char_col", "VARCHAR(64) NOT NULL", "VARCHAR(64) NOT NULL", word(3) },
   }
end

-- Columns of sbtest1 of the tests of types.
function M.types(is_postgres)
   local columns = numbers("DOUBLE PRECISION")
   for _, column in ipairs({
      { "var_char_col", "VARCHAR(64)", "VARCHAR(64)" }, { "tiny_text_col", "TINYTEXT", "TEXT" }, { "text_col", "TEXT", "TEXT" },
      { "medium_text_col", "MEDIUMBLOB", "TEXT" }, { "long_text_col", "LONGTEXT", "TEXT" },
      { "tiny_blob_col", "TINYBLOB", "BYTEA" }, { "blob_col", "BLOB", "BYTEA" },
      { "medium_blob_col", "MEDIUMBLOB", "BYTEA" }, { "long_blob_col", "LONGBLOB", "BYTEA" },
   }) do
      columns[#columns + 1] = { column[1], column[2] .. " NOT NULL", column[3] .. " NOT NULL", word(13) }
   end
   columns[#columns + 1] = { "json_col", "JSON NOT NULL", "JSON NOT NULL", document(13) }
   if not is_postgres then
      columns[#columns + 1] = { "geom_col", "GEOMETRY NOT NULL", nil, point }
   end
   return sets_and_times(columns, 14, 13)
end

-- Makes the table: id and the columns, with an index on the column named.
function M.create(con, name, columns, indexed, is_postgres)
   local lines = { "id INT NOT NULL" }
   for _, column in ipairs(columns) do
      lines[#lines + 1] = column[1] .. " " .. column[is_postgres and 3 or 2]
   end
   lines[#lines + 1] = "PRIMARY KEY (id)"
   if indexed and not is_postgres then
      lines[#lines + 1] = "INDEX (" .. indexed .. ")"
   end
   con:query("CREATE TABLE " .. name .. " (" .. table.concat(lines, ", ") .. ")")
   if indexed and is_postgres then
      con:query("CREATE INDEX idx_" .. indexed .. " ON " .. name .. " (" .. indexed .. ")")
   end
end

-- The next row's values behind its id: ",1,2,'a')".
function M.draw(columns, is_postgres)
   local values = { "" }
   for i, column in ipairs(columns) do
      values[i + 1] = column[4](is_postgres)
   end
   return table.concat(values, ",") .. ")"
end

-- Fills the table with rows 1 … rows; values(id) gives what follows an id.
function M.fill(con, name, columns, rows, values)
   local names = { "id" }
   for i, column in ipairs(columns) do
      names[i + 1] = column[1]
   end
   con:bulk_insert_init("INSERT INTO " .. name .. " (" .. table.concat(names, ", ") .. ") VALUES ")
   for id = 1, rows do
      con:bulk_insert_next("(" .. id .. values(id))
   end
   con:bulk_insert_done()
end

-- A random id of those that are the thread's own: two threads that deleted and inserted the same row would meet errors
-- that have nothing to do with speed. With one thread, any id.
function M.own_id(thread_id, rows)
   local threads = sysbench.opt.threads
   local last = math.max(0, math.floor((rows - 1 - thread_id) / threads))
   return 1 + thread_id + threads * sysbench.rand.default(0, last)
end

return M
