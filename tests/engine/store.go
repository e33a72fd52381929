package main

import (
	"bufio"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/sql"
)

// storeFormat begins the file: one of another program, or of another form, is refused.
const storeFormat = "gms tables 1"

// store keeps the tables in a file from a stop to the next start. In between they are in memory alone.
type store struct {
	path   string
	db     *database
	engine *sqle.Engine
}

// storedTable comes before the rows of a table.
type storedTable struct {
	Name     string
	Create   string // the statement that makes it, with its indexes
	AutoNext uint64
	Rows     int
}

// storedRow has a value for each column: empty for NULL, else a byte 1 and the value as a client would get it.
type storedRow [][]byte

// openStore reads what is stored in a folder, which is made if it is not there, into a database without tables.
func openStore(folder string, db *database, engine *sqle.Engine) (*store, error) {
	s := &store{filepath.Join(folder, "tables.gob"), db, engine}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	f, err := os.Open(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.read(gob.NewDecoder(bufio.NewReader(f))), f.Close()); err != nil {
		return nil, fmt.Errorf("read %s: %w", s.path, err)
	}
	return s, nil
}

// save replaces the file by the tables as they are, or leaves it as it was. No statement may run meanwhile.
func (s *store) save() error {
	tmp, err := os.CreateTemp(filepath.Dir(s.path), ".tables-*")
	if err != nil {
		return err
	}
	out := bufio.NewWriter(tmp)
	err = errors.Join(s.write(gob.NewEncoder(out)), out.Flush(), tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), s.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("save the tables: %w", err), os.Remove(tmp.Name()))
	}
	return nil
}

func (s *store) context() *sql.Context {
	ctx := sql.NewContext(context.Background(), sql.WithSession(&session{sql.NewBaseSession(), &transaction{}}))
	ctx.SetCurrentDatabase(s.db.name)
	return ctx
}

func (s *store) query(ctx *sql.Context, statement string) ([]sql.Row, error) {
	_, iter, _, err := s.engine.Query(ctx, statement)
	if err != nil {
		return nil, err
	}
	return sql.RowIterToRows(ctx, iter)
}

func (s *store) write(out *gob.Encoder) error {
	ctx := s.context()
	names, err := s.db.GetTableNames(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(out.Encode(storeFormat), out.Encode(len(names))); err != nil {
		return err
	}
	for _, name := range names {
		if err := s.writeTable(ctx, out, s.db.tables[strings.ToLower(name)]); err != nil {
			return fmt.Errorf("table %s: %w", name, err)
		}
	}
	return nil
}

func (s *store) writeTable(ctx *sql.Context, out *gob.Encoder, t *table) error {
	shown, err := s.query(ctx, "SHOW CREATE TABLE "+sql.QuoteIdentifier(t.name))
	if err != nil {
		return err
	}
	rows := t.indexes[0].all()
	if err := out.Encode(storedTable{t.name, shown[0][1].(string), t.autoNext, len(rows)}); err != nil {
		return err
	}
	for _, row := range rows {
		stored, err := t.storeRow(ctx, row)
		if err == nil {
			err = out.Encode(stored)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *table) storeRow(ctx *sql.Context, row sql.Row) (storedRow, error) {
	stored := make(storedRow, len(row))
	for i, v := range row {
		if v == nil {
			continue
		}
		value, err := t.schema.Schema[i].Type.SQL(ctx, nil, v)
		if err != nil {
			return nil, err
		}
		stored[i] = append([]byte{1}, value.ToBytes()...)
	}
	return stored, nil
}

func (s *store) read(in *gob.Decoder) error {
	var format string
	var tables int
	if err := in.Decode(&format); err != nil {
		return err
	}
	if format != storeFormat {
		return fmt.Errorf("it begins with %q instead of %q", format, storeFormat)
	}
	if err := in.Decode(&tables); err != nil {
		return err
	}
	for ; tables > 0; tables-- {
		if err := s.readTable(in); err != nil {
			return err
		}
	}
	return nil
}

func (s *store) readTable(in *gob.Decoder) error {
	var stored storedTable
	if err := in.Decode(&stored); err != nil {
		return err
	}
	ctx := s.context()
	if _, err := s.query(ctx, stored.Create); err != nil {
		return fmt.Errorf("table %s: %w", stored.Name, err)
	}
	t := s.db.tables[strings.ToLower(stored.Name)]
	if t == nil {
		return fmt.Errorf("table %s is not what its statement makes", stored.Name)
	}
	for ; stored.Rows > 0; stored.Rows-- {
		var values storedRow
		if err := in.Decode(&values); err != nil {
			return fmt.Errorf("table %s: %w", stored.Name, err)
		}
		row, err := t.restoreRow(ctx, values)
		if err != nil {
			return fmt.Errorf("table %s: %w", stored.Name, err)
		}
		t.replace(nil, row)
	}
	t.autoNext = stored.AutoNext
	return nil
}

func (t *table) restoreRow(ctx *sql.Context, values storedRow) (sql.Row, error) {
	if len(values) != len(t.schema.Schema) {
		return nil, fmt.Errorf("a row has %d values for %d columns", len(values), len(t.schema.Schema))
	}
	row := make(sql.Row, len(values))
	for i, stored := range values {
		if len(stored) == 0 {
			continue
		}
		value, _, err := t.schema.Schema[i].Type.Convert(ctx, string(stored[1:]))
		if err != nil {
			return nil, err
		}
		row[i] = value
	}
	return row, nil
}
