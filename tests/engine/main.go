// Command gms is a small in-memory database with the MySQL protocol: the engine of dbdyno's own tests and demo.
//
//	gms --host 127.0.0.1 --port 3306 [--pprof-port 6060]
//	gms version
//
// It serves one database, sbtest, to every user with any password, and loses it at the end. Transactions are kept apart by
// letting one connection write at a time. SIGTERM and SIGINT stop it
// with status 0. It listens where it is told to and nowhere else; the CPU profile of net/http/pprof has a port of its own.
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
	host := flag.String("host", "127.0.0.1", "address to listen on")
	port := flag.Int("port", 3306, "port of the MySQL protocol")
	pprofPort := flag.Int("pprof-port", 0, "port of net/http/pprof on the loopback address; 0: none")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "gms: unexpected argument %q\n", flag.Arg(0))
		os.Exit(2)
	}
	if err := run(*host, *port, *pprofPort); err != nil {
		fmt.Fprintln(os.Stderr, "gms:", err)
		os.Exit(1)
	}
}

// run serves until a signal asks it to stop, or until serving fails.
func run(host string, port, pprofPort int) error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	if pprofPort != 0 {
		if err := servePprof(pprofPort); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	srv, err := newServer(listener)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Start() }()
	fmt.Fprintf(os.Stderr, "gms %s: ready on %s\n", version, listener.Addr())
	select {
	case <-ctx.Done():
		fmt.Fprintln(os.Stderr, "gms: stopped by a signal")
		return srv.Close()
	case err := <-failed:
		return fmt.Errorf("stopped serving: %w", err)
	}
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
