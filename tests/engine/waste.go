package main

import "time"

// wastePercent is how much longer than needed every statement takes: 25 makes each one a quarter slower. It is here to
// be changed: a commit that does so is a slowdown of a known size.
const wastePercent = 0

// waste starts a statement's clock; the function that it returns burns wastePercent of the time since, on the CPU.
func waste() func() {
	if wastePercent == 0 {
		return func() {}
	}
	start := time.Now()
	return func() {
		end := time.Now().Add(time.Since(start) * wastePercent / 100)
		for time.Now().Before(end) {
		}
	}
}
