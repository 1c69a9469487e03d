//go:build unix

package folder

import "golang.org/x/sys/unix"

// nonblock opens pipes without waiting for a writer.
const nonblock = unix.O_NONBLOCK
