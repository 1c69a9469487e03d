// Command gridsearch finds out how to scale a convolutional network: it enumerates compound
// coefficients, trains small networks, and says which of them can be told apart.
package main

import "os"

func main() {
	os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr))
}
