//go:build !unix

package folder

// nonblock is nothing: there are no pipes in folders.
const nonblock = 0
