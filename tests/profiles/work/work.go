// Package work burns CPU in functions of every kind that has a name of its own in a profile.
package work

import "sort"

var Sink uint64

type Tree[K any] struct{ keys []K }

// Walk is a method of a generic type that calls a closure.
//
//go:noinline
func (t *Tree[K]) Walk(visit func(K)) {
	for _, k := range t.keys {
		visit(k)
	}
}

//go:noinline
func mix(x uint64) uint64 {
	for i := 0; i < 200; i++ {
		x = x*0x9e3779b97f4a7c15 ^ x>>29
	}
	return x
}

// Scan has a closure, a deferred call and a call by another name.
//
//go:noinline
func Scan(rounds int) {
	tree := &Tree[uint64]{keys: make([]uint64, 1000)}
	for i := range tree.keys {
		tree.keys[i] = uint64(i) * 0x9e3779b97f4a7c15
	}
	defer finish()
	byValue := mix
	for i := 0; i < rounds; i++ {
		tree.Walk(func(k uint64) {
			Sink ^= mix(k)
		})
		Sink ^= byValue(Sink)
	}
}

//go:noinline
func finish() {
	for i := 0; i < 1000; i++ {
		Sink ^= mix(Sink)
	}
}

// Sort spends its time in Go's library.
//
//go:noinline
func Sort(n int) {
	values := make([]int, n)
	for i := range values {
		values[i] = int(mix(uint64(i)))
	}
	sort.Ints(values)
	Sink ^= uint64(values[0])
}
