// Command gridsearch searches for how to scale a convolutional network: it enumerates compound
// coefficients, trains small networks, and says which of them differ significantly.
package main

import "os"

func main() {
	os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr))
}
