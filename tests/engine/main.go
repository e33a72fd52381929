// Command gms is a small in-memory database with the MySQL protocol: the engine of dbdyno's own tests and demo.
//
//	gms --host 127.0.0.1 --port 3306 [--pprof-port 6060] [--data-dir FOLDER] [--cpu-profile FILE]
//	gms version
//
// It serves one database, sbtest, to every user with any password. With --data-dir it keeps the tables there when it is
// stopped and has them again at the next start; else it loses them. Transactions are kept apart by letting one connection
// write at a time. SIGTERM and SIGINT stop it with status 0. It listens where it is told to and nowhere else; the CPU profile
// of net/http/pprof has a port of its own. --cpu-profile writes one of its whole life, when it is stopped.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"os/signal"
	runtimepprof "runtime/pprof"
	"strconv"
	"syscall"
	"time"
)

const version = "1.0.0"

func main() {
	if len(os.Args) == 2 && os.Args[1] == "version" {
		fmt.Println("gms " + version)
		return
	}
	var o options
	flag.StringVar(&o.host, "host", "127.0.0.1", "address to listen on")
	flag.IntVar(&o.port, "port", 3306, "port of the MySQL protocol")
	flag.IntVar(&o.pprofPort, "pprof-port", 0, "port of net/http/pprof on the loopback address; 0: none")
	flag.StringVar(&o.dataDir, "data-dir", "", "folder that keeps the tables from a stop to the next start")
	flag.StringVar(&o.cpuProfile, "cpu-profile", "", "file for a CPU profile from start to stop")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "gms: unexpected argument %q\n", flag.Arg(0))
		os.Exit(2)
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "gms:", err)
		os.Exit(1)
	}
}

type options struct {
	host                string
	port, pprofPort     int
	dataDir, cpuProfile string
}

// run serves until a signal asks it to stop, or until serving fails.
func run(o options) error {
	stop, err := startProfile(o.cpuProfile)
	if err != nil {
		return err
	}
	return errors.Join(serve(o), stop())
}

func serve(o options) error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	if o.pprofPort != 0 {
		if err := servePprof(o.pprofPort); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(o.host, strconv.Itoa(o.port)))
	if err != nil {
		return err
	}
	srv, err := newService(listener, o.dataDir)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Start() }()
	fmt.Fprintf(os.Stderr, "gms %s: ready on %s\n", version, listener.Addr())
	select {
	case <-ctx.Done():
		fmt.Fprintln(os.Stderr, "gms: stopped by a signal")
		return srv.stop()
	case err := <-failed:
		return fmt.Errorf("stopped serving: %w", err)
	}
}

// startProfile begins a CPU profile, which is in the file when the function that it returns has been called. "": none.
func startProfile(path string) (func() error, error) {
	if path == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := runtimepprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		runtimepprof.StopCPUProfile()
		return f.Close()
	}, nil
}

// servePprof starts the profile endpoints on a mux of their own, so that nothing else can add to them.
func servePprof(port int) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(listener) }()
	return nil
}
