package abi

// RowArgs are the arguments of the kernels on rows and of those on flat vectors.
type RowArgs struct {
	P         [4]*float32
	Stride    [4]int
	Par       *float32 // parameters of each channel, in rows
	ParStride int
	Cols      int    // channels
	Each      int    // rows of a group
	Groups    int    // of an image
	Gap       [4]int // from the row after a group to the next group
	Images    int    // counted down
	ImageGap  [4]int // from the group after an image to the next image

	Gate       *float32 // parameters of a group, in rows; moved from group to group
	GateStride int
	GateGap    int // from a group's to the next's

	Top float32 // the upper end of clip
	_   [2]int  // for the kernels' own use
}

// RowKernel names a kernel on rows of channels.
type RowKernel int

// The kernels on rows: p0 to p3 are the operands RowArgs.P, par the parameters of each channel,
// gate those of each group of rows. To add to par or gate is to sum over rows.
const (
	CopyRows            RowKernel = iota // p0 = p1
	Affine                               // p0 = par0 p1 + par1
	AffineAdd                            // p0 = par0 p1 + par1 p2 + par2
	AffineAddGate                        // p0 = gate0 p1 + par0 p2 + gate1
	ScaleRows                            // p0 *= gate0
	Moments                              // par0 += p0, par1 += p0^2
	MomentsCopy                          // p0 = p1 with non-temporal stores, and Moments of p1
	Products                             // par0 += p0, par1 += p0 p1
	ProductsGate                         // Products of gate0 p0
	GateProducts                         // gate1 += p0 p1, p0 *= gate0
	MulProducts                          // p0 = p1 p2, par0 += p0, par1 += p0 p3
	MulProductsPast                      // MulProducts with non-temporal stores of p0
	MulProductsGate                      // MulProducts of gate0 p1 + gate1
	MulProductsGatePast                  // MulProductsGate with non-temporal stores of p0
	AddClip                              // p0 = clip(par0 p1 + par1 p2 + par2)
	AddClipGate                          // p0 = clip(gate0 p1 + par0 p2 + gate1)
	ClippedProducts                      // p0 = p1 clip'(p2), par0 += p0, par1 += p0 p3
	RaiseRows                            // where p1 > p0 or p1 is NaN: p0 = p1, p2 = par0
	AddWhere                             // where p2 = par0: p0 += p1

	// The kernels of an activation act, for SiLU:
	NormSiLU              // p0 = act(par0 p1 + par1)
	NormSiLUSum           // NormSiLU, gate0 += p0
	NormSiLUSlope         // NormSiLU, p2 = act'(par0 p1 + par1)
	SlopeSiLUProducts     // p0 = p1 act'(par0 p2 + par1), par2 += p0, par3 += p0 p2
	SlopeSiLUProductsGate // SlopeSiLUProducts of gate0 p1 + gate1

	// The same for the family of ReLU: clip(u) = min(max(u, 0), RowArgs.Top).
	NormClip
	NormClipSum
	NormClipSlope
	SlopeClipProducts
	SlopeClipProductsGate

	// The same for hard-swish.
	NormHardSwish
	NormHardSwishSum
	NormHardSwishSlope
	SlopeHardSwishProducts
	SlopeHardSwishProductsGate

	RowKernels // the number of kernels
)
