//go:build !amd64 || purego

package kernel

// native lists the sets with assembly for this processor: none.
func native() []*Set { return nil }
