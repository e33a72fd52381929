package main

import (
	"fmt"
	"strings"

	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/types"
)

// table holds its rows in one ordered tree an index; the first index is the primary key, which every table must have.
// A stored row is never changed: an update replaces it.
type table struct {
	database  string
	name      string
	schema    sql.PrimaryKeySchema
	collation sql.CollationID
	indexes   []*index
	autoIndex int    // column with AUTO_INCREMENT, or -1
	autoNext  uint64 // its next value
}

var (
	_ sql.Table                 = (*table)(nil)
	_ sql.PrimaryKeyTable       = (*table)(nil)
	_ sql.InsertableTable       = (*table)(nil)
	_ sql.UpdatableTable        = (*table)(nil)
	_ sql.DeletableTable        = (*table)(nil)
	_ sql.ReplaceableTable      = (*table)(nil)
	_ sql.AutoIncrementTable    = (*table)(nil)
	_ sql.IndexAddressableTable = (*table)(nil)
	_ sql.IndexAlterableTable   = (*table)(nil)
	_ sql.StatisticsTable       = (*table)(nil)
)

func newTable(database, name string, schema sql.PrimaryKeySchema, collation sql.CollationID) (*table, error) {
	if len(schema.PkOrdinals) == 0 {
		return nil, fmt.Errorf("table %s needs a primary key: gms stores no table without one", name)
	}
	t := &table{database: database, name: name, collation: collation, autoIndex: -1}
	t.schema = sql.PrimaryKeySchema{Schema: make(sql.Schema, len(schema.Schema)), PkOrdinals: schema.PkOrdinals}
	for i, c := range schema.Schema {
		column := c.Copy()
		if column.Default != nil {
			// The engine resolves a default anew, from its text, for each statement that needs it.
			column.Default = sql.NewUnresolvedColumnDefaultValue(column.Default.String())
		}
		if column.AutoIncrement {
			t.autoIndex, t.autoNext = i, 1
		}
		t.schema.Schema[i] = column
	}
	t.indexes = []*index{newIndex(t, "PRIMARY", schema.PkOrdinals, true)}
	return t, nil
}

func (t *table) Name() string                           { return t.name }
func (t *table) String() string                         { return t.name }
func (t *table) Schema() sql.Schema                     { return t.schema.Schema }
func (t *table) PrimaryKeySchema() sql.PrimaryKeySchema { return t.schema }
func (t *table) Collation() sql.CollationID             { return t.collation }

// allRows is the only partition of a full scan.
type allRows struct{}

func (allRows) Key() []byte { return []byte("all") }

func (t *table) Partitions(*sql.Context) (sql.PartitionIter, error) {
	return sql.PartitionsToPartitionIter(allRows{}), nil
}

// PartitionRows returns the rows as they are now: what the same statement then changes is not seen by it.
func (t *table) PartitionRows(_ *sql.Context, p sql.Partition) (sql.RowIter, error) {
	switch p := p.(type) {
	case allRows:
		return sql.RowsToRowIter(t.indexes[0].all()...), nil
	case lookupRows:
		rows, err := p.index.lookup(p.ranges, p.reverse)
		if err != nil {
			return nil, err
		}
		return sql.RowsToRowIter(rows...), nil
	}
	return nil, sql.ErrPartitionNotFound.New(p.Key())
}

func (t *table) RowCount(*sql.Context) (uint64, bool, error) {
	return uint64(t.indexes[0].tree.Len()), true, nil
}

// DataLength is a rough size: eight bytes a column.
func (t *table) DataLength(*sql.Context) (uint64, error) {
	return uint64(t.indexes[0].tree.Len() * len(t.schema.Schema) * 8), nil
}

// lookupTable is a table seen through one index.
type lookupTable struct{ *table }

// lookupRows is the only partition of an index lookup.
type lookupRows struct {
	index   *index
	ranges  sql.MySQLRangeCollection
	reverse bool
}

func (lookupRows) Key() []byte { return []byte("lookup") }

func (t *table) IndexedAccess(_ *sql.Context, lookup sql.IndexLookup) sql.IndexedTable {
	if _, ok := lookup.Index.(*index); !ok {
		return nil
	}
	return lookupTable{t}
}

func (t lookupTable) LookupPartitions(_ *sql.Context, lookup sql.IndexLookup) (sql.PartitionIter, error) {
	ranges, ok := lookup.Ranges.(sql.MySQLRangeCollection)
	if !ok {
		return nil, fmt.Errorf("unexpected ranges %T", lookup.Ranges)
	}
	return sql.PartitionsToPartitionIter(lookupRows{lookup.Index.(*index), ranges, lookup.IsReverse}), nil
}

func (t *table) GetIndexes(*sql.Context) ([]sql.Index, error) {
	list := make([]sql.Index, len(t.indexes))
	for i, x := range t.indexes {
		list[i] = x
	}
	return list, nil
}

// PreciseMatch is false: the engine still applies its filters to what an index returns.
func (t *table) PreciseMatch() bool { return false }

func (t *table) CreateIndex(_ *sql.Context, def sql.IndexDef) error {
	if def.Constraint != sql.IndexConstraint_None && def.Constraint != sql.IndexConstraint_Unique {
		return fmt.Errorf("index %s: gms has ordinary and unique indexes only", def.Name)
	}
	columns := make([]int, len(def.Columns))
	for i, c := range def.Columns {
		columns[i] = t.schema.Schema.IndexOfColName(c.Name)
		if columns[i] < 0 {
			return sql.ErrKeyColumnDoesNotExist.New(c.Name)
		}
	}
	name := def.Name
	if name == "" {
		name = def.Columns[0].Name
	}
	if t.findIndex(name) > 0 {
		return sql.ErrDuplicateKey.New(name)
	}
	x := newIndex(t, name, columns, def.Constraint == sql.IndexConstraint_Unique)
	for _, row := range t.indexes[0].all() {
		if other := x.conflict(row); other != nil {
			return sql.NewUniqueKeyErr(x.describe(row), false, other)
		}
		x.add(row)
	}
	t.indexes = append(t.indexes[:len(t.indexes):len(t.indexes)], x)
	return nil
}

func (t *table) DropIndex(_ *sql.Context, name string) error {
	i := t.findIndex(name)
	if i <= 0 {
		return sql.ErrIndexNotFound.New(name, t.name, t.database)
	}
	t.indexes = append(t.indexes[:i:i], t.indexes[i+1:]...)
	return nil
}

func (t *table) RenameIndex(_ *sql.Context, from, to string) error {
	i := t.findIndex(from)
	if i <= 0 {
		return sql.ErrIndexNotFound.New(from, t.name, t.database)
	}
	if t.findIndex(to) >= 0 {
		return sql.ErrDuplicateKey.New(to)
	}
	t.indexes[i].name = to
	return nil
}

func (t *table) findIndex(name string) int {
	for i, x := range t.indexes {
		if strings.EqualFold(x.name, name) {
			return i
		}
	}
	return -1
}

// GetNextAutoIncrementValue is called before each insert with the value that the statement gives, or nil.
func (t *table) GetNextAutoIncrementValue(ctx *sql.Context, given interface{}) (uint64, error) {
	if given == nil {
		return t.autoNext, nil
	}
	v, _, err := types.Uint64.Convert(ctx, given)
	if err != nil {
		return 0, err
	}
	return max(v.(uint64), t.autoNext), nil
}

func (t *table) PeekNextAutoIncrementValue(*sql.Context) (uint64, error) { return t.autoNext, nil }

func (t *table) AutoIncrementSetter(*sql.Context) sql.AutoIncrementSetter { return &editor{table: t} }
func (t *table) Inserter(*sql.Context) sql.RowInserter                    { return &editor{table: t} }
func (t *table) Updater(*sql.Context) sql.RowUpdater                      { return &editor{table: t} }
func (t *table) Deleter(*sql.Context) sql.RowDeleter                      { return &editor{table: t} }
func (t *table) Replacer(*sql.Context) sql.RowReplacer                    { return &editor{table: t} }
