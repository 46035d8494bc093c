// Answers on standard output what golang.org/x/time/rate decides on standard input.
//
// "limiter UNITS PERIOD_NS BURST" starts a new limiter of UNITS / PERIOD tokens a second;
// "allow UNIX_NS N" is answered by "0" where AllowN denies, else by "1 TOKENS", the tokens that are
// left as the hexadecimal bits of a float64.
package main

import (
	"bufio"
	"fmt"
	"log"
	"math"
	"os"
	"time"

	"golang.org/x/time/rate"
)

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	var limiter *rate.Limiter
	for {
		var word string
		if _, err := fmt.Fscan(in, &word); err != nil {
			return
		}
		switch word {
		case "limiter":
			var units uint64
			var period int64
			var burst int
			scan(in, &units, &period, &burst)
			limit := float64(units) / time.Duration(period).Seconds()
			limiter = rate.NewLimiter(rate.Limit(limit), burst)
		case "allow":
			var unixNs int64
			var n int
			scan(in, &unixNs, &n)
			now := time.Unix(0, unixNs)
			if limiter.AllowN(now, n) {
				fmt.Fprintf(out, "1 %x\n", math.Float64bits(limiter.TokensAt(now)))
			} else {
				fmt.Fprintln(out, "0")
			}
		default:
			log.Fatalf("what is %q?", word)
		}
	}
}

func scan(in *bufio.Reader, values ...interface{}) {
	if _, err := fmt.Fscan(in, values...); err != nil {
		log.Fatal(err)
	}
}
