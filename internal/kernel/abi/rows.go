package abi

// RowArgs are the arguments of the kernels on rows and of the flat ones.
type RowArgs struct {
	P         [4]*float32
	Stride    [4]int
	Par       *float32 // parameters of each channel, in rows
	ParStride int
	Cols      int    // channels
	Each      int    // rows of a group
	Groups    int    // of an image
	Gap       [4]int // from the row behind a group to the next group
	Images    int    // counted down
	ImageGap  [4]int // from the group behind an image to the next image

	Gate       *float32 // parameters of a group, in rows; moved from group to group
	GateStride int
	GateGap    int // from a group's to the next's

	Top float32 // the upper end of clip
	_   [2]int  // for the kernels' own use
}

// RowKernel names a kernel on rows.
type RowKernel int

const (
	CopyRows RowKernel = iota
	Affine
	AffineAdd
	AffineAddGate
	ScaleRows
	Moments
	MomentsCopy
	Products
	ProductsGate
	GateProducts
	MulProducts
	MulProductsPast
	MulProductsGate
	MulProductsGatePast
	AddClip
	AddClipGate
	ClippedProducts
	RaiseRows
	AddWhere

	// Those with an activation.
	NormSiLU
	NormSiLUSum
	NormSiLUSlope
	SlopeSiLUProducts
	SlopeSiLUProductsGate
	NormClip
	NormClipSum
	NormClipSlope
	SlopeClipProducts
	SlopeClipProductsGate
	NormHardSwish
	NormHardSwishSum
	NormHardSwishSlope
	SlopeHardSwishProducts
	SlopeHardSwishProductsGate
	RowKernels // their number
)
