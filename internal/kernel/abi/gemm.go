package abi

// GemmArgs are the arguments of the matrix product kernels and of those that pack a panel of B.
type GemmArgs struct {
	A, B, C                   *float32
	StrideA, StrideB, StrideC int
	Tiles                     int // along the rows of C; counted down
	Depth                     int // length of the sum
	Tail                      int // columns of the last vector
	Add                       int // not 0: C is added to
}

// MaxAcross is the number of vectors in a row of the widest tile.
const MaxAcross = 3

// Tile is a product kernel and the one for A^T B; both compute rows x across vectors of C at a
// time.
type Tile struct {
	Rows               int
	Product, ProductTA func(*GemmArgs)
	// Product where the last vector has columns for half of it at most; nil where that is no gain
	Halved func(*GemmArgs)
}
