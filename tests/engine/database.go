package main

import (
	"sort"
	"strings"
	"sync"

	"github.com/dolthub/go-mysql-server/sql"
)

// database is a set of tables in memory. Statements that change anything run alone (see transactions), so the rows need
// no locks of their own; mu is for the map, which sessions also read while they connect.
type database struct {
	name   string
	mu     sync.RWMutex
	tables map[string]*table // by lower-case name
}

var (
	_ sql.Database     = (*database)(nil)
	_ sql.TableCreator = (*database)(nil)
	_ sql.TableDropper = (*database)(nil)
)

func newDatabase(name string) *database {
	return &database{name: name, tables: map[string]*table{}}
}

func (d *database) Name() string { return d.name }

func (d *database) GetTableInsensitive(_ *sql.Context, name string) (sql.Table, bool, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	t, ok := d.tables[strings.ToLower(name)]
	if !ok {
		return nil, false, nil
	}
	return t, true, nil
}

func (d *database) GetTableNames(*sql.Context) ([]string, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	names := make([]string, 0, len(d.tables))
	for _, t := range d.tables {
		names = append(names, t.name)
	}
	sort.Strings(names)
	return names, nil
}

func (d *database) CreateTable(_ *sql.Context, name string, schema sql.PrimaryKeySchema, collation sql.CollationID,
	_ string) error {
	t, err := newTable(d.name, name, schema, collation)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.tables[strings.ToLower(name)]; ok {
		return sql.ErrTableAlreadyExists.New(name)
	}
	d.tables[strings.ToLower(name)] = t
	return nil
}

func (d *database) DropTable(_ *sql.Context, name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.tables[strings.ToLower(name)]; !ok {
		return sql.ErrTableNotFound.New(name)
	}
	delete(d.tables, strings.ToLower(name))
	return nil
}
