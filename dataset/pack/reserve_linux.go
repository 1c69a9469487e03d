package pack

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// reserve gives a file its size and the room for it on the disk, where the disk can.
func reserve(file *os.File, size int64) error {
	err := error(unix.EINTR)
	for errors.Is(err, unix.EINTR) {
		err = unix.Fallocate(int(file.Fd()), 0, 0, size)
	}
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return file.Truncate(size)
	}
	return err
}
