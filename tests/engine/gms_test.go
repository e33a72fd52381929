package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/vitess/go/mysql"
)

// client runs statements on an engine of its own, without a network.
type client struct {
	t      *testing.T
	engine *sqle.Engine
	ctx    *sql.Context
	ts     *transactions
	tx     *transaction
}

func newClient(t *testing.T) *client {
	t.Helper()
	engine := sqle.NewDefault(sql.NewDatabaseProvider(newDatabase("sbtest")))
	return connect(t, engine, newTransactions(), 1)
}

func connect(t *testing.T, engine *sqle.Engine, ts *transactions, connection uint32) *client {
	tx := ts.of(connection)
	ctx := sql.NewContext(context.Background(), sql.WithSession(&session{sql.NewBaseSession(), tx}))
	ctx.SetCurrentDatabase("sbtest")
	return &client{t, engine, ctx, ts, tx}
}

// query returns the rows as text: fields separated by ",", rows by ";".
func (c *client) query(statement string) (string, error) {
	defer c.ts.enter(c.tx, statement)()
	_, iter, _, err := c.engine.Query(c.ctx, statement)
	if err != nil {
		return "", err
	}
	var rows []string
	for {
		row, err := iter.Next(c.ctx)
		if err == io.EOF {
			return strings.Join(rows, ";"), iter.Close(c.ctx)
		}
		if err != nil {
			_ = iter.Close(c.ctx)
			return "", err
		}
		fields := make([]string, len(row))
		for i, v := range row {
			fields[i] = fmt.Sprint(v)
		}
		rows = append(rows, strings.Join(fields, ","))
	}
}

func (c *client) must(statement string) string {
	c.t.Helper()
	rows, err := c.query(statement)
	if err != nil {
		c.t.Fatalf("%s: %v", statement, err)
	}
	return rows
}

func (c *client) expect(statement, want string) {
	c.t.Helper()
	if got := c.must(statement); got != want {
		c.t.Errorf("%s\n got: %s\nwant: %s", statement, got, want)
	}
}

func TestStatements(t *testing.T) {
	c := newClient(t)
	c.must("CREATE TABLE t(id INTEGER NOT NULL AUTO_INCREMENT, k INTEGER, c CHAR(20) DEFAULT '' NOT NULL, PRIMARY KEY (id))")
	c.must("INSERT INTO t(k, c) VALUES (30,'c'), (10,'a'), (20,'b'), (NULL,'n'), (20,'d')")
	c.must("CREATE INDEX k_1 ON t(k)")
	c.expect("SELECT id, c FROM t WHERE k=20", "3,b;5,d")
	c.expect("SELECT c FROM t WHERE id BETWEEN 2 AND 4", "a;b;n")
	c.expect("SELECT SUM(k) FROM t WHERE id BETWEEN 1 AND 3", "60")
	c.expect("SELECT DISTINCT k FROM t WHERE id BETWEEN 1 AND 5 ORDER BY k", "<nil>;10;20;30")
	c.expect("SELECT id FROM t WHERE k IN (10, 30) ORDER BY id", "1;2")
	c.expect("SELECT id FROM t WHERE k IS NULL", "4")
	c.expect("SELECT id FROM t WHERE k > 10 AND k < 30 ORDER BY id DESC", "5;3")
	c.expect("SELECT id FROM t WHERE id > 3000000000", "")
	c.expect("SELECT id FROM t ORDER BY id DESC LIMIT 2", "5;4")
	c.must("UPDATE t SET k=k+1 WHERE id=2")
	c.expect("SELECT id FROM t WHERE k=11", "2")
	c.expect("SELECT id FROM t WHERE k=10", "")
	c.must("DELETE FROM t WHERE id=3")
	c.must("INSERT INTO t(id, k, c) VALUES (3, 99, 'z')")
	c.expect("SELECT c FROM t WHERE k=99", "z")
	c.must("INSERT INTO t(id, k, c) VALUES (0, 1, 'auto')")
	c.expect("SELECT id FROM t WHERE c='auto'", "6")
	c.must("BEGIN")
	c.must("COMMIT")
	c.must("REPLACE INTO t(id, k, c) VALUES (6, 2, 'r')")
	c.expect("SELECT k, c FROM t WHERE id=6", "2,r")
	c.must("INSERT INTO t(id, k) VALUES (6, 1) ON DUPLICATE KEY UPDATE k=77")
	c.expect("SELECT id FROM t WHERE k=77", "6")
	c.must("DROP INDEX k_1 ON t")
	c.expect("SELECT id FROM t WHERE k=77", "6")
	c.must("DROP TABLE t")
}

func TestFailedStatementChangesNothing(t *testing.T) {
	c := newClient(t)
	c.must("CREATE TABLE t(id INTEGER NOT NULL, k INTEGER, PRIMARY KEY (id))")
	c.must("INSERT INTO t VALUES (1,1), (2,2)")
	if _, err := c.query("INSERT INTO t VALUES (3,3), (1,9)"); err == nil || !strings.Contains(err.Error(), "duplicate") {
		t.Fatalf("duplicate key accepted: %v", err)
	}
	if _, err := c.query("UPDATE t SET id=id+1"); err == nil {
		t.Fatal("update onto another key accepted")
	}
	c.expect("SELECT id, k FROM t", "1,1;2,2")
	c.must("CREATE UNIQUE INDEX u ON t(k)")
	if _, err := c.query("INSERT INTO t VALUES (4,2)"); err == nil {
		t.Fatal("duplicate in a unique index accepted")
	}
	c.must("INSERT INTO t VALUES (5,NULL), (6,NULL)")
	c.must("INSERT IGNORE INTO t VALUES (1,1), (7,7)")
	c.expect("SELECT COUNT(*) FROM t", "5")
	for _, statement := range []string{
		"CREATE TABLE t(id INTEGER PRIMARY KEY)",
		"CREATE TABLE keyless(id INTEGER)",
		"DROP TABLE absent",
		"SELECT * FROM absent",
	} {
		if _, err := c.query(statement); err == nil {
			t.Errorf("accepted: %s", statement)
		}
	}
}

// Index lookups agree with a filter over all rows.
func TestRangesAgreeWithFilter(t *testing.T) {
	c := newClient(t)
	c.must("CREATE TABLE t(id INTEGER NOT NULL, a INTEGER, b INTEGER, PRIMARY KEY (id))")
	for i := 0; i < 300; i++ {
		a := fmt.Sprint(i * 7 % 10)
		if i%11 == 0 {
			a = "NULL"
		}
		c.must(fmt.Sprintf("INSERT INTO t VALUES (%d, %s, %d)", i, a, i*3%17))
	}
	conditions := []string{"a=3", "a>3", "a>=3 AND a<7", "a<>5", "a IS NULL", "a IS NOT NULL", "a=3 AND b=4",
		"a=3 AND b>4", "a>2 AND b<9", "a IN (1,5,9) AND b BETWEEN 3 AND 8", "a<2 OR a>7", "a BETWEEN 8 AND 2",
		"a>2.5", "a<'4'", "a=3 AND b=4 AND id>50", "a=3 AND b>=4 AND id<200", "a=3 AND b BETWEEN 2 AND 9",
		"a=3 AND id=69", "a IN (2,3) AND b=4", "a=3 AND b IS NOT NULL AND id>20", "a>=3 AND a<=3 AND b<5", "b=4 AND id>9"}
	before := make([]string, len(conditions))
	for i, condition := range conditions {
		before[i] = c.must("SELECT id FROM t WHERE " + condition + " ORDER BY id")
	}
	c.must("CREATE INDEX ab ON t(a, b, id)")
	for i, condition := range conditions {
		c.expect("SELECT id FROM t WHERE "+condition+" ORDER BY id", before[i])
	}
}

func TestTransactions(t *testing.T) {
	a := newClient(t)
	b := connect(t, a.engine, a.ts, 2)
	a.must("CREATE TABLE t(id INTEGER NOT NULL, k INTEGER, PRIMARY KEY (id))")
	a.must("CREATE INDEX k_1 ON t(k)")
	a.must("INSERT INTO t VALUES (1,1), (2,2)")
	a.must("BEGIN")
	a.must("UPDATE t SET k=k+10 WHERE id=1")
	a.must("DELETE FROM t WHERE id=2")
	a.must("INSERT INTO t VALUES (3,3)")
	a.expect("SELECT id, k FROM t", "1,11;3,3")
	a.must("ROLLBACK")
	a.expect("SELECT id, k FROM t", "1,1;2,2")
	a.expect("SELECT id FROM t WHERE k=2", "2")
	a.must("START TRANSACTION")
	a.must("INSERT INTO t VALUES (4,4)")
	seen := make(chan string)
	go func() { seen <- b.must("SELECT COUNT(*) FROM t") }() // waits for the commit, or runs after it
	a.must("COMMIT")
	if got := <-seen; got != "3" {
		t.Errorf("another connection saw %s rows after the commit", got)
	}
	a.must("BEGIN")
	a.must("DELETE FROM t")
	a.ts.forget(1) // the connection breaks
	b.expect("SELECT COUNT(*) FROM t", "3")
	b.must("BEGIN")
	b.must("INSERT INTO t VALUES (5,5)")
	b.must("CREATE INDEX k_2 ON t(k)") // commits
	b.must("ROLLBACK")
	b.expect("SELECT COUNT(*) FROM t", "4")
}

// Connections that count up what they have read FOR UPDATE lose no step.
func TestSelectForUpdate(t *testing.T) {
	first := newClient(t)
	first.must("CREATE TABLE t(id INTEGER NOT NULL, k INTEGER, PRIMARY KEY (id))")
	first.must("INSERT INTO t VALUES (1,0)")
	done := make(chan error)
	for n := uint32(2); n < 6; n++ {
		go func(c *client) {
			var failed error
			for i := 0; i < 50 && failed == nil; i++ {
				c.query("BEGIN")
				k, err := c.query("SELECT k FROM t WHERE id = 1 FOR UPDATE")
				if err == nil {
					_, err = c.query("UPDATE t SET k = " + k + " + 1 WHERE id = 1")
				}
				if _, end := c.query("COMMIT"); err == nil {
					err = end
				}
				failed = err
			}
			done <- failed
		}(connect(t, first.engine, first.ts, n))
	}
	for n := 2; n < 6; n++ {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	first.expect("SELECT k FROM t", "200")
}

// Connections that delete and insert the same few rows never meet a duplicate key.
func TestConcurrentWriters(t *testing.T) {
	first := newClient(t)
	first.must("CREATE TABLE t(id INTEGER NOT NULL, k INTEGER, PRIMARY KEY (id))")
	first.must("INSERT INTO t VALUES (1,0), (2,0), (3,0)")
	done := make(chan error)
	for n := uint32(2); n < 6; n++ {
		go func(c *client) {
			var failed error
			for i := 0; i < 50 && failed == nil; i++ {
				for _, statement := range []string{"BEGIN", "UPDATE t SET k=k+1 WHERE id=1",
					fmt.Sprintf("DELETE FROM t WHERE id=%d", i%2+2),
					fmt.Sprintf("INSERT INTO t VALUES (%d,0)", i%2+2), "COMMIT"} {
					if _, err := c.query(statement); err != nil {
						failed = fmt.Errorf("%s: %w", statement, err)
					}
				}
			}
			done <- failed
		}(connect(t, first.engine, first.ts, n))
	}
	for n := 2; n < 6; n++ {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	first.expect("SELECT id, k FROM t", "1,200;2,0;3,0")
}

// stored opens a database with what the folder keeps.
func stored(t *testing.T, folder string) (*client, *store, error) {
	t.Helper()
	db := newDatabase("sbtest")
	c := connect(t, sqle.NewDefault(sql.NewDatabaseProvider(db)), newTransactions(), 1)
	s, err := openStore(folder, db, c.engine)
	return c, s, err
}

func TestStoreKeepsTables(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	c, s, err := stored(t, folder)
	if err != nil {
		t.Fatal(err)
	}
	c.must("CREATE TABLE t(id INTEGER NOT NULL AUTO_INCREMENT, k INTEGER UNSIGNED, c CHAR(20) DEFAULT 'x''y' NOT NULL, PRIMARY KEY (id))")
	c.must("INSERT INTO t(k, c) VALUES (30,'c'), (10,''), (4000000000,'ü'), (NULL,'n')")
	c.must("CREATE INDEX k_1 ON t(k)")
	c.must("CREATE UNIQUE INDEX u ON t(c)")
	c.must("CREATE TABLE `odd ``name`(b INTEGER NOT NULL, a BIGINT NOT NULL, PRIMARY KEY (a, b))")
	c.must("INSERT INTO `odd ``name` VALUES (2,1), (1,9000000000)")
	c.must("CREATE TABLE types(id INTEGER PRIMARY KEY, tiny TINYINT, big BIGINT UNSIGNED, bits BIT(10), f FLOAT, d DOUBLE, " +
		"n DECIMAL(10,2), day DATE, clock TIME, moment DATETIME(6), y YEAR, e ENUM('a','b'), s SET('a','b','c'), v VARCHAR(9), " +
		"bin VARBINARY(9), txt TEXT, raw BLOB, doc JSON, g GEOMETRY)")
	c.must("INSERT INTO types VALUES (1, -128, 18446744073709551615, 513, 0.1, 1e-300, -1234567.89, '2026-01-31', '-12:34:56', " +
		"'2026-01-31 01:02:03.000456', 2026, 'b', 'a,c', '', x'00ff', 'text', x'0102', '{\"a\": [1, null]}', ST_GeomFromText('POINT(1 2)'))")
	c.must("INSERT INTO types(id) VALUES (2)")
	c.must("CREATE TABLE gone(id INTEGER PRIMARY KEY)")
	c.must("DROP TABLE gone")
	questions := []string{"SHOW TABLES", "SHOW CREATE TABLE t", "SHOW CREATE TABLE types", "SELECT * FROM t", "SELECT * FROM `odd ``name`",
		"SELECT * FROM types", "SELECT id FROM t WHERE k=10", "SELECT id FROM t WHERE k IS NULL"}
	answers := make([]string, len(questions))
	for i, question := range questions {
		answers[i] = c.must(question)
	}
	if err := s.save(); err != nil {
		t.Fatal(err)
	}
	c, _, err = stored(t, folder)
	if err != nil {
		t.Fatal(err)
	}
	for i, question := range questions {
		c.expect(question, answers[i])
	}
	c.must("INSERT INTO t(k, c) VALUES (5,'new')")
	c.expect("SELECT id FROM t WHERE c='new'", "5")
	if _, err := c.query("INSERT INTO t(k, c) VALUES (5,'c')"); err == nil {
		t.Error("the unique index is lost")
	}
	if files, _ := os.ReadDir(folder); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}

func TestStoreRefusesWhatIsNotWhole(t *testing.T) {
	folder := t.TempDir()
	c, s, err := stored(t, folder)
	if err != nil {
		t.Fatal(err)
	}
	c.must("CREATE TABLE t(id INTEGER NOT NULL, PRIMARY KEY (id))")
	c.must("INSERT INTO t VALUES (1), (2), (3)")
	if err := s.save(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, bytes := range [][]byte{{}, whole[:len(whole)-1], whole[:10], []byte("0123456789"), append([]byte("x"), whole...)} {
		if err := os.WriteFile(s.path, bytes, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := stored(t, folder); err == nil || !strings.Contains(err.Error(), s.path) {
			t.Errorf("%d of %d bytes: %v", len(bytes), len(whole), err)
		}
	}
}

// What a folder has stays when it cannot be replaced.
func TestStoreThatCannotSave(t *testing.T) {
	folder := t.TempDir()
	c, s, err := stored(t, folder)
	if err != nil {
		t.Fatal(err)
	}
	c.must("CREATE TABLE t(id INTEGER NOT NULL, PRIMARY KEY (id))")
	if err := os.Mkdir(s.path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.save(); err == nil {
		t.Error("saved over a folder")
	}
	if files, _ := os.ReadDir(folder); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}

func startService(t *testing.T, folder string) (*service, *mysql.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := newService(listener, folder)
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	address := listener.Addr().(*net.TCPAddr)
	c, err := mysql.Connect(context.Background(), &mysql.ConnParams{Host: address.IP.String(), Port: address.Port, Uname: "root", DbName: "sbtest"})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

// A stop takes back what an open connection has not committed, and keeps the rest.
func TestServiceStops(t *testing.T) {
	folder := t.TempDir()
	s, c := startService(t, folder)
	for _, statement := range []string{"CREATE TABLE t(id INTEGER NOT NULL, PRIMARY KEY (id))", "INSERT INTO t VALUES (1), (2)",
		"BEGIN", "INSERT INTO t VALUES (3)", "DELETE FROM t WHERE id = 1"} {
		if _, err := c.ExecuteFetch(statement, 10, false); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	s, c = startService(t, folder)
	result, err := c.ExecuteFetch("SELECT id FROM t", 10, false)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(result.Rows); got != "[[INT32(1)] [INT32(2)]]" {
		t.Errorf("after the stop: %s", got)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
}

func TestNoConnectionAfterTheEnd(t *testing.T) {
	ts := newTransactions()
	if !ts.begin(7) {
		t.Error("refused")
	}
	if open := ts.close(); len(open) != 1 || open[0] != 7 {
		t.Errorf("open: %v", open)
	}
	if ts.begin(8) {
		t.Error("let in")
	}
}

func TestCPUProfileOfTheWholeLife(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cpu.pprof")
	stop, err := startProfile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if bytes, err := os.ReadFile(path); err != nil || len(bytes) < 2 || bytes[0] != 0x1f || bytes[1] != 0x8b {
		t.Errorf("%d bytes, %v", len(bytes), err)
	}
	if _, err := startProfile(filepath.Join(path, "x")); err == nil {
		t.Error("made in no folder")
	}
}

func TestClassify(t *testing.T) {
	for statement, want := range map[string]kind{
		"SELECT 1": reads, " select 1;": reads, "SELECT(1)": reads, "SHOW TABLES": reads, "BEGIN": begins,
		"START TRANSACTION": begins, "commit;": commits, "Rollback": rollsBack, "INSERT INTO t VALUES (1)": writes,
		"SELECT 1; DROP TABLE t": writes, "/* x */ SELECT 1": writes, "": writes, "CREATE\tTABLE t": defines,
		"SELECT 1 FROM t FOR UPDATE": writes, "select 1 from t for update;": writes,
	} {
		if classify(statement) != want {
			t.Errorf("classify(%q) is %v, expected %v", statement, classify(statement), want)
		}
	}
}
