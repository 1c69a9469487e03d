//go:build spoiled

package kernel

// illegal is an instruction that no processor has.
func illegal()
