//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

// native lists the sets with assembly that this processor and its operating system run.
func native() []*Set {
	var sets []*Set
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL {
		sets = append(sets, &avx512)
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		sets = append(sets, &avx2)
	}
	return sets
}

var avx512 = Set{
	Name: AVX512, Width: 16,
	tiles: [maxAcross + 1][]tile{
		0: {
			{8, productHalf8AVX512, nil},
			{4, product4x1AVX512, nil},
			{2, product2x1AVX512, nil},
			{1, product1x1AVX512, nil},
		},
		1: {
			{16, product16x1AVX512, productTA16x1AVX512},
			{8, product8x1AVX512, productTA8x1AVX512},
			{4, product4x1AVX512, productTA4x1AVX512},
			{2, product2x1AVX512, productTA2x1AVX512},
			{1, product1x1AVX512, productTA1x1AVX512},
		},
		2: {
			{8, product8x2AVX512, productTA8x2AVX512},
			{4, product4x2AVX512, productTA4x2AVX512},
			{2, product2x2AVX512, productTA2x2AVX512},
			{1, product1x2AVX512, productTA1x2AVX512},
		},
		3: {
			{8, product8x3AVX512, productTA8x3AVX512},
			{4, product4x3AVX512, productTA4x3AVX512},
			{2, product2x3AVX512, productTA2x3AVX512},
			{1, product1x3AVX512, productTA1x3AVX512},
		},
	},
	packPanel:      [maxAcross + 1]func(*gemmArgs){1: packPanel1AVX512, 2: packPanel2AVX512, 3: packPanel3AVX512},
	packTransposed: packTransposedAVX512,
	rows: [rowKernels]func(*rowArgs){
		copyRows:              copyRowsAVX512,
		affine:                affineAVX512,
		affineAdd:             affineAddAVX512,
		affineAddGate:         affineAddGateAVX512,
		scaleRows:             scaleRowsAVX512,
		moments:               momentsAVX512,
		momentsCopy:           momentsCopyAVX512,
		products:              productsAVX512,
		productsGate:          productsGateAVX512,
		normSiLU:              normSiLUAVX512,
		normSiLUSum:           normSiLUSumAVX512,
		normSiLUSlope:         normSiLUSlopeAVX512,
		gateProducts:          gateProductsAVX512,
		mulProducts:           mulProductsAVX512,
		mulProductsPast:       mulProductsPastAVX512,
		mulProductsGate:       mulProductsGateAVX512,
		mulProductsGatePast:   mulProductsGatePastAVX512,
		addClip:               addClipAVX512,
		addClipGate:           addClipGateAVX512,
		clippedProducts:       clippedProductsAVX512,
		slopeSiLUProducts:     slopeSiLUProductsAVX512,
		slopeSiLUProductsGate: slopeSiLUProductsGateAVX512,
		normClip:              normClipAVX512,
		normClipSum:           normClipSumAVX512,
		normClipSlope:         normClipSlopeAVX512,
		slopeClipProducts:     slopeClipProductsAVX512,
		slopeClipProductsGate: slopeClipProductsGateAVX512,
	},
	flat: [flatKernels]func(*rowArgs){
		addFlat:         addAVX512,
		scaleFlat:       scaleFlatAVX512,
		blendFlat:       blendAVX512,
		siluFlat:        siluFlatAVX512,
		sigmoidFlat:     sigmoidFlatAVX512,
		siluBackward:    siluBackwardAVX512,
		sigmoidBackward: sigmoidBackwardAVX512,
		sgd:             sgdAVX512,
		sgdNesterov:     sgdNesterovAVX512,
		rmsprop:         rmspropAVX512,
	},
	depthwise: map[window]*depthwiseKernels{
		{3, 1}: {
			forward: []pixelKernel{{7, depthwise3s1x7AVX512}, {4, depthwise3s1x4AVX512}, {2, depthwise3s1x2AVX512}, {1, depthwise3s1x1AVX512}},
			weights: depthwiseWeights3s1AVX512,
		},
		{3, 2}: {
			forward: []pixelKernel{{7, depthwise3s2x7AVX512}, {4, depthwise3s2x4AVX512}, {2, depthwise3s2x2AVX512}, {1, depthwise3s2x1AVX512}},
			data:    []pixelKernel{{4, depthwiseData3x4AVX512}, {1, depthwiseData3x1AVX512}},
			weights: depthwiseWeights3s2AVX512,
		},
		{5, 1}: {
			forward: []pixelKernel{{7, depthwise5s1x7AVX512}, {4, depthwise5s1x4AVX512}, {2, depthwise5s1x2AVX512}, {1, depthwise5s1x1AVX512}},
			weights: depthwiseWeights5s1AVX512,
		},
		{5, 2}: {
			forward: []pixelKernel{{7, depthwise5s2x7AVX512}, {4, depthwise5s2x4AVX512}, {2, depthwise5s2x2AVX512}, {1, depthwise5s2x1AVX512}},
			data:    []pixelKernel{{4, depthwiseData5x4AVX512}, {1, depthwiseData5x1AVX512}},
			weights: depthwiseWeights5s2AVX512,
		},
	},
	peak: peakAVX512, read: readMemoryAVX512, copy: copyMemoryAVX512,
}

var avx2 = Set{
	Name: AVX2, Width: 8,
	tiles: [maxAcross + 1][]tile{
		1: {
			{8, product8x1AVX2, productTA8x1AVX2},
			{4, product4x1AVX2, productTA4x1AVX2},
			{2, product2x1AVX2, productTA2x1AVX2},
			{1, product1x1AVX2, productTA1x1AVX2},
		},
		2: {
			{6, product6x2AVX2, productTA6x2AVX2},
			{4, product4x2AVX2, productTA4x2AVX2},
			{2, product2x2AVX2, productTA2x2AVX2},
			{1, product1x2AVX2, productTA1x2AVX2},
		},
		3: {
			{4, product4x3AVX2, productTA4x3AVX2},
			{2, product2x3AVX2, productTA2x3AVX2},
			{1, product1x3AVX2, productTA1x3AVX2},
		},
	},
	packPanel:      [maxAcross + 1]func(*gemmArgs){1: packPanel1AVX2, 2: packPanel2AVX2, 3: packPanel3AVX2},
	packTransposed: packTransposedAVX2,
	rows: [rowKernels]func(*rowArgs){
		copyRows:              copyRowsAVX2,
		affine:                affineAVX2,
		affineAdd:             affineAddAVX2,
		affineAddGate:         affineAddGateAVX2,
		scaleRows:             scaleRowsAVX2,
		moments:               momentsAVX2,
		momentsCopy:           momentsCopyAVX2,
		products:              productsAVX2,
		productsGate:          productsGateAVX2,
		normSiLU:              normSiLUAVX2,
		normSiLUSum:           normSiLUSumAVX2,
		normSiLUSlope:         normSiLUSlopeAVX2,
		gateProducts:          gateProductsAVX2,
		mulProducts:           mulProductsAVX2,
		mulProductsPast:       mulProductsPastAVX2,
		mulProductsGate:       mulProductsGateAVX2,
		mulProductsGatePast:   mulProductsGatePastAVX2,
		addClip:               addClipAVX2,
		addClipGate:           addClipGateAVX2,
		clippedProducts:       clippedProductsAVX2,
		slopeSiLUProducts:     slopeSiLUProductsAVX2,
		slopeSiLUProductsGate: slopeSiLUProductsGateAVX2,
		normClip:              normClipAVX2,
		normClipSum:           normClipSumAVX2,
		normClipSlope:         normClipSlopeAVX2,
		slopeClipProducts:     slopeClipProductsAVX2,
		slopeClipProductsGate: slopeClipProductsGateAVX2,
	},
	flat: [flatKernels]func(*rowArgs){
		addFlat:         addAVX2,
		scaleFlat:       scaleFlatAVX2,
		blendFlat:       blendAVX2,
		siluFlat:        siluFlatAVX2,
		sigmoidFlat:     sigmoidFlatAVX2,
		siluBackward:    siluBackwardAVX2,
		sigmoidBackward: sigmoidBackwardAVX2,
		sgd:             sgdAVX2,
		sgdNesterov:     sgdNesterovAVX2,
		rmsprop:         rmspropAVX2,
	},
	depthwise: map[window]*depthwiseKernels{
		{3, 1}: {
			forward: []pixelKernel{{4, depthwise3s1x4AVX2}, {2, depthwise3s1x2AVX2}, {1, depthwise3s1x1AVX2}},
			weights: depthwiseWeights3s1AVX2,
		},
		{3, 2}: {
			forward: []pixelKernel{{4, depthwise3s2x4AVX2}, {2, depthwise3s2x2AVX2}, {1, depthwise3s2x1AVX2}},
			data:    []pixelKernel{{2, depthwiseData3x2AVX2}, {1, depthwiseData3x1AVX2}},
			weights: depthwiseWeights3s2AVX2,
		},
		{5, 1}: {
			forward: []pixelKernel{{7, depthwise5s1x7AVX2}, {4, depthwise5s1x4AVX2}, {2, depthwise5s1x2AVX2}, {1, depthwise5s1x1AVX2}},
			weights: depthwiseWeights5s1AVX2,
		},
		{5, 2}: {
			forward: []pixelKernel{{7, depthwise5s2x7AVX2}, {4, depthwise5s2x4AVX2}, {2, depthwise5s2x2AVX2}, {1, depthwise5s2x1AVX2}},
			data:    []pixelKernel{{2, depthwiseData5x2AVX2}, {1, depthwiseData5x1AVX2}},
			weights: depthwiseWeights5s2AVX2,
		},
	},
	peak: peakAVX2, read: readMemoryAVX2, copy: copyMemoryAVX2,
}
