//go:build !purego

package amd64

import "gridsearch/internal/kernel/abi"

// AVX512 is the kernels for vectors of 16 floats.
var AVX512 = abi.Table{
	Tiles: [abi.MaxAcross + 1][]abi.Tile{
		1: {
			{Rows: 16, Product: product16x1AVX512, ProductTA: productTA16x1AVX512, Halved: productHalved16x1AVX512},
			{Rows: 8, Product: product8x1AVX512, ProductTA: productTA8x1AVX512, Halved: productHalved8x1AVX512},
			{Rows: 4, Product: product4x1AVX512, ProductTA: productTA4x1AVX512},
			{Rows: 2, Product: product2x1AVX512, ProductTA: productTA2x1AVX512},
			{Rows: 1, Product: product1x1AVX512, ProductTA: productTA1x1AVX512},
		},
		2: {
			{Rows: 8, Product: product8x2AVX512, ProductTA: productTA8x2AVX512, Halved: productHalved8x2AVX512},
			{Rows: 4, Product: product4x2AVX512, ProductTA: productTA4x2AVX512},
			{Rows: 2, Product: product2x2AVX512, ProductTA: productTA2x2AVX512},
			{Rows: 1, Product: product1x2AVX512, ProductTA: productTA1x2AVX512},
		},
		3: {
			{Rows: 8, Product: product8x3AVX512, ProductTA: productTA8x3AVX512, Halved: productHalved8x3AVX512},
			{Rows: 4, Product: product4x3AVX512, ProductTA: productTA4x3AVX512},
			{Rows: 2, Product: product2x3AVX512, ProductTA: productTA2x3AVX512},
			{Rows: 1, Product: product1x3AVX512, ProductTA: productTA1x3AVX512},
		},
	},
	PackPanel:      [abi.MaxAcross + 1]func(*abi.GemmArgs){1: packPanel1AVX512, 2: packPanel2AVX512, 3: packPanel3AVX512},
	PackTransposed: packTransposedAVX512,
	Rows: [abi.RowKernels]func(*abi.RowArgs){
		abi.CopyRows:              copyRowsAVX512,
		abi.Affine:                affineAVX512,
		abi.AffineAdd:             affineAddAVX512,
		abi.AffineAddGate:         affineAddGateAVX512,
		abi.ScaleRows:             scaleRowsAVX512,
		abi.Moments:               momentsAVX512,
		abi.MomentsCopy:           momentsCopyAVX512,
		abi.Products:              productsAVX512,
		abi.ProductsGate:          productsGateAVX512,
		abi.NormSiLU:              normSiLUAVX512,
		abi.NormSiLUSum:           normSiLUSumAVX512,
		abi.NormSiLUSlope:         normSiLUSlopeAVX512,
		abi.GateProducts:          gateProductsAVX512,
		abi.MulProducts:           mulProductsAVX512,
		abi.MulProductsPast:       mulProductsPastAVX512,
		abi.MulProductsGate:       mulProductsGateAVX512,
		abi.MulProductsGatePast:   mulProductsGatePastAVX512,
		abi.AddClip:               addClipAVX512,
		abi.AddClipGate:           addClipGateAVX512,
		abi.ClippedProducts:       clippedProductsAVX512,
		abi.RaiseRows:             raiseRowsAVX512,
		abi.AddWhere:              addWhereAVX512,
		abi.SlopeSiLUProducts:     slopeSiLUProductsAVX512,
		abi.SlopeSiLUProductsGate: slopeSiLUProductsGateAVX512,
		abi.NormClip:              normClipAVX512,
		abi.NormClipSum:           normClipSumAVX512,
		abi.NormClipSlope:         normClipSlopeAVX512,
		abi.SlopeClipProducts:     slopeClipProductsAVX512,
		abi.SlopeClipProductsGate: slopeClipProductsGateAVX512,
	},
	Flat: [abi.FlatKernels]func(*abi.RowArgs){
		abi.AddFlat:         addAVX512,
		abi.ScaleFlat:       scaleFlatAVX512,
		abi.BlendFlat:       blendAVX512,
		abi.SiLUFlat:        siluFlatAVX512,
		abi.SigmoidFlat:     sigmoidFlatAVX512,
		abi.SiLUBackward:    siluBackwardAVX512,
		abi.SigmoidBackward: sigmoidBackwardAVX512,
		abi.SGD:             sgdAVX512,
		abi.SGDNesterov:     sgdNesterovAVX512,
		abi.RMSProp:         rmspropAVX512,
	},
	Depthwise: map[abi.Window]*abi.DepthwiseKernels{
		{Kernel: 3, Stride: 1}: {
			Forward: []abi.PixelKernel{
				{Pixels: 7, Run: depthwise3s1x7AVX512},
				{Pixels: 4, Run: depthwise3s1x4AVX512},
				{Pixels: 2, Run: depthwise3s1x2AVX512},
				{Pixels: 1, Run: depthwise3s1x1AVX512},
			},
			Weights: depthwiseWeights3s1AVX512,
		},
		{Kernel: 3, Stride: 2}: {
			Forward: []abi.PixelKernel{
				{Pixels: 7, Run: depthwise3s2x7AVX512},
				{Pixels: 4, Run: depthwise3s2x4AVX512},
				{Pixels: 2, Run: depthwise3s2x2AVX512},
				{Pixels: 1, Run: depthwise3s2x1AVX512},
			},
			Data: []abi.PixelKernel{
				{Pixels: 4, Run: depthwiseData3x4AVX512},
				{Pixels: 1, Run: depthwiseData3x1AVX512},
			},
			Weights: depthwiseWeights3s2AVX512,
		},
		{Kernel: 5, Stride: 1}: {
			Forward: []abi.PixelKernel{
				{Pixels: 7, Run: depthwise5s1x7AVX512},
				{Pixels: 4, Run: depthwise5s1x4AVX512},
				{Pixels: 2, Run: depthwise5s1x2AVX512},
				{Pixels: 1, Run: depthwise5s1x1AVX512},
			},
			Weights: depthwiseWeights5s1AVX512,
		},
		{Kernel: 5, Stride: 2}: {
			Forward: []abi.PixelKernel{
				{Pixels: 7, Run: depthwise5s2x7AVX512},
				{Pixels: 4, Run: depthwise5s2x4AVX512},
				{Pixels: 2, Run: depthwise5s2x2AVX512},
				{Pixels: 1, Run: depthwise5s2x1AVX512},
			},
			Data: []abi.PixelKernel{
				{Pixels: 4, Run: depthwiseData5x4AVX512},
				{Pixels: 1, Run: depthwiseData5x1AVX512},
			},
			Weights: depthwiseWeights5s2AVX512,
		},
	},
	Peak: peakAVX512, Read: readMemoryAVX512, Copy: copyMemoryAVX512,
}

// AVX2 is the kernels for vectors of 8 floats.
var AVX2 = abi.Table{
	Tiles: [abi.MaxAcross + 1][]abi.Tile{
		1: {
			{Rows: 8, Product: product8x1AVX2, ProductTA: productTA8x1AVX2},
			{Rows: 4, Product: product4x1AVX2, ProductTA: productTA4x1AVX2},
			{Rows: 2, Product: product2x1AVX2, ProductTA: productTA2x1AVX2},
			{Rows: 1, Product: product1x1AVX2, ProductTA: productTA1x1AVX2},
		},
		2: {
			{Rows: 6, Product: product6x2AVX2, ProductTA: productTA6x2AVX2},
			{Rows: 4, Product: product4x2AVX2, ProductTA: productTA4x2AVX2},
			{Rows: 2, Product: product2x2AVX2, ProductTA: productTA2x2AVX2},
			{Rows: 1, Product: product1x2AVX2, ProductTA: productTA1x2AVX2},
		},
		3: {
			{Rows: 4, Product: product4x3AVX2, ProductTA: productTA4x3AVX2},
			{Rows: 2, Product: product2x3AVX2, ProductTA: productTA2x3AVX2},
			{Rows: 1, Product: product1x3AVX2, ProductTA: productTA1x3AVX2},
		},
	},
	PackPanel:      [abi.MaxAcross + 1]func(*abi.GemmArgs){1: packPanel1AVX2, 2: packPanel2AVX2, 3: packPanel3AVX2},
	PackTransposed: packTransposedAVX2,
	Rows: [abi.RowKernels]func(*abi.RowArgs){
		abi.CopyRows:              copyRowsAVX2,
		abi.Affine:                affineAVX2,
		abi.AffineAdd:             affineAddAVX2,
		abi.AffineAddGate:         affineAddGateAVX2,
		abi.ScaleRows:             scaleRowsAVX2,
		abi.Moments:               momentsAVX2,
		abi.MomentsCopy:           momentsCopyAVX2,
		abi.Products:              productsAVX2,
		abi.ProductsGate:          productsGateAVX2,
		abi.NormSiLU:              normSiLUAVX2,
		abi.NormSiLUSum:           normSiLUSumAVX2,
		abi.NormSiLUSlope:         normSiLUSlopeAVX2,
		abi.GateProducts:          gateProductsAVX2,
		abi.MulProducts:           mulProductsAVX2,
		abi.MulProductsPast:       mulProductsPastAVX2,
		abi.MulProductsGate:       mulProductsGateAVX2,
		abi.MulProductsGatePast:   mulProductsGatePastAVX2,
		abi.AddClip:               addClipAVX2,
		abi.AddClipGate:           addClipGateAVX2,
		abi.ClippedProducts:       clippedProductsAVX2,
		abi.RaiseRows:             raiseRowsAVX2,
		abi.AddWhere:              addWhereAVX2,
		abi.SlopeSiLUProducts:     slopeSiLUProductsAVX2,
		abi.SlopeSiLUProductsGate: slopeSiLUProductsGateAVX2,
		abi.NormClip:              normClipAVX2,
		abi.NormClipSum:           normClipSumAVX2,
		abi.NormClipSlope:         normClipSlopeAVX2,
		abi.SlopeClipProducts:     slopeClipProductsAVX2,
		abi.SlopeClipProductsGate: slopeClipProductsGateAVX2,
	},
	Flat: [abi.FlatKernels]func(*abi.RowArgs){
		abi.AddFlat:         addAVX2,
		abi.ScaleFlat:       scaleFlatAVX2,
		abi.BlendFlat:       blendAVX2,
		abi.SiLUFlat:        siluFlatAVX2,
		abi.SigmoidFlat:     sigmoidFlatAVX2,
		abi.SiLUBackward:    siluBackwardAVX2,
		abi.SigmoidBackward: sigmoidBackwardAVX2,
		abi.SGD:             sgdAVX2,
		abi.SGDNesterov:     sgdNesterovAVX2,
		abi.RMSProp:         rmspropAVX2,
	},
	Depthwise: map[abi.Window]*abi.DepthwiseKernels{
		{Kernel: 3, Stride: 1}: {
			Forward: []abi.PixelKernel{
				{Pixels: 4, Run: depthwise3s1x4AVX2},
				{Pixels: 2, Run: depthwise3s1x2AVX2},
				{Pixels: 1, Run: depthwise3s1x1AVX2},
			},
			Weights: depthwiseWeights3s1AVX2,
		},
		{Kernel: 3, Stride: 2}: {
			Forward: []abi.PixelKernel{
				{Pixels: 4, Run: depthwise3s2x4AVX2},
				{Pixels: 2, Run: depthwise3s2x2AVX2},
				{Pixels: 1, Run: depthwise3s2x1AVX2},
			},
			Data: []abi.PixelKernel{
				{Pixels: 2, Run: depthwiseData3x2AVX2},
				{Pixels: 1, Run: depthwiseData3x1AVX2},
			},
			Weights: depthwiseWeights3s2AVX2,
		},
		{Kernel: 5, Stride: 1}: {
			Forward: []abi.PixelKernel{
				{Pixels: 7, Run: depthwise5s1x7AVX2},
				{Pixels: 4, Run: depthwise5s1x4AVX2},
				{Pixels: 2, Run: depthwise5s1x2AVX2},
				{Pixels: 1, Run: depthwise5s1x1AVX2},
			},
			Weights: depthwiseWeights5s1AVX2,
		},
		{Kernel: 5, Stride: 2}: {
			Forward: []abi.PixelKernel{
				{Pixels: 7, Run: depthwise5s2x7AVX2},
				{Pixels: 4, Run: depthwise5s2x4AVX2},
				{Pixels: 2, Run: depthwise5s2x2AVX2},
				{Pixels: 1, Run: depthwise5s2x1AVX2},
			},
			Data: []abi.PixelKernel{
				{Pixels: 2, Run: depthwiseData5x2AVX2},
				{Pixels: 1, Run: depthwiseData5x1AVX2},
			},
			Weights: depthwiseWeights5s2AVX2,
		},
	},
	Peak: peakAVX2, Read: readMemoryAVX2, Copy: copyMemoryAVX2,
}
