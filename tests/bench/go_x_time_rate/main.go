// Decisions a second of golang.org/x/time/rate, on one core, over the very requests that
// limiter_bench.cpp draws: prints "DECISIONS_PER_SECOND ALLOWED CHECKSUM", where
// ALLOWED is that of the first pass over them.
package main

import (
	"fmt"
	"time"

	"golang.org/x/time/rate"
)

const (
	keyCount     = 100000
	requestCount = 1 << 20
	gapNs        = 1000
	golden       = uint64(0x9e3779b97f4a7c15)
	measureFor   = 2 * time.Second
)

func mix64(z uint64) uint64 {
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

func drawRequests() (keys []uint32, times []int64, checksum uint64) {
	for i := uint64(0); i < requestCount; i++ {
		u := float64(mix64((2*i+1)*golden)>>11) * 0x1p-53
		squared := u * u
		key := uint32(squared * squared * keyCount)
		jitter := int64(mix64((2*i+2)*golden) % gapNs)
		keys = append(keys, key)
		times = append(times, int64(i)*gapNs+jitter)
		checksum = mix64(checksum^uint64(key)) + uint64(jitter)
	}
	return keys, times, checksum
}

func main() {
	keys, times, checksum := drawRequests()
	limiters := make([]*rate.Limiter, keyCount)
	for i := range limiters {
		limiters[i] = rate.NewLimiter(5, 20)
	}
	start := time.Unix(1767225600, 0)
	allowed, allowedInFirstPass, decided := 0, 0, 0
	began := time.Now()
	for time.Since(began) < measureFor {
		for i, key := range keys {
			if limiters[key].AllowN(start.Add(time.Duration(times[i])), 1) {
				allowed++
			}
		}
		if decided == 0 {
			allowedInFirstPass = allowed
		}
		decided += requestCount
		start = start.Add(requestCount * gapNs)
	}
	seconds := time.Since(began).Seconds()
	fmt.Printf("%.0f %d %016x\n", float64(decided)/seconds, allowedInFirstPass, checksum)
}
