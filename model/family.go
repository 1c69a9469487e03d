package model

// b0 is EfficientNet-B0 ([effnet] Table 1 and section 5.2; strides, dropout and batch norm from
// [code]).
func b0() Architecture {
	return Architecture{
		InChannels: 3, Pixels: 224, Classes: ImageNetClasses,
		Stem: Stem{Channels: 32, Kernel: 3, Stride: 2},
		Stages: []Stage{
			{Block: MBConv, Expansion: 1, Channels: 16, Kernel: 3, Stride: 1, Repeats: 1, SERatio: .25},
			{Block: MBConv, Expansion: 6, Channels: 24, Kernel: 3, Stride: 2, Repeats: 2, SERatio: .25},
			{Block: MBConv, Expansion: 6, Channels: 40, Kernel: 5, Stride: 2, Repeats: 2, SERatio: .25},
			{Block: MBConv, Expansion: 6, Channels: 80, Kernel: 3, Stride: 2, Repeats: 3, SERatio: .25},
			{Block: MBConv, Expansion: 6, Channels: 112, Kernel: 5, Stride: 1, Repeats: 3, SERatio: .25},
			{Block: MBConv, Expansion: 6, Channels: 192, Kernel: 5, Stride: 2, Repeats: 4, SERatio: .25},
			{Block: MBConv, Expansion: 6, Channels: 320, Kernel: 3, Stride: 1, Repeats: 1, SERatio: .25},
		},
		Head: 1280, DropConnect: .2, BatchNormEpsilon: 1e-3, BatchNormMomentum: .99,
	}
}

// lite0 is B0 for small devices: no squeeze-excite, an activation that is easy to quantise; stem,
// head and the repeats of the first and last stage are the same for all sizes.
func lite0() Architecture {
	a := b0()
	a.Activation, a.Fixed = ReLU6, Fixed{Stem: true, Head: true, Ends: true}
	for i := range a.Stages {
		a.Stages[i].SERatio = 0
	}
	return a
}

// tiny is the base that [tiny] scales down: B0 with its stem fixed, and a head that never gets
// narrower.
func tiny() Architecture {
	a := b0()
	a.Fixed = Fixed{Stem: true, HeadFloor: true}
	return a
}

// mobileNetV1 is [mobile1] with consecutive rows of equal channels as one stage.
func mobileNetV1() Architecture {
	return Architecture{
		InChannels: 3, Pixels: 224, Classes: ImageNetClasses, Activation: ReLU6,
		Stem: Stem{Channels: 32, Kernel: 3, Stride: 2},
		Stages: []Stage{
			{Block: Separable, Expansion: 1, Channels: 64, Kernel: 3, Stride: 1, Repeats: 1},
			{Block: Separable, Expansion: 1, Channels: 128, Kernel: 3, Stride: 2, Repeats: 2},
			{Block: Separable, Expansion: 1, Channels: 256, Kernel: 3, Stride: 2, Repeats: 2},
			{Block: Separable, Expansion: 1, Channels: 512, Kernel: 3, Stride: 2, Repeats: 6},
			{Block: Separable, Expansion: 1, Channels: 1024, Kernel: 3, Stride: 2, Repeats: 2},
		},
		BatchNormEpsilon: 1e-3, BatchNormMomentum: .99,
	}
}

// mobileNetV2 is [mobile2]; a width multiplier below 1 leaves the head as it is.
func mobileNetV2() Architecture {
	return Architecture{
		InChannels: 3, Pixels: 224, Classes: ImageNetClasses, Activation: ReLU6,
		Fixed: Fixed{HeadFloor: true},
		Stem:  Stem{Channels: 32, Kernel: 3, Stride: 2},
		Stages: []Stage{
			{Block: InvertedResidual, Expansion: 1, Channels: 16, Kernel: 3, Stride: 1, Repeats: 1},
			{Block: InvertedResidual, Expansion: 6, Channels: 24, Kernel: 3, Stride: 2, Repeats: 2},
			{Block: InvertedResidual, Expansion: 6, Channels: 32, Kernel: 3, Stride: 2, Repeats: 3},
			{Block: InvertedResidual, Expansion: 6, Channels: 64, Kernel: 3, Stride: 2, Repeats: 4},
			{Block: InvertedResidual, Expansion: 6, Channels: 96, Kernel: 3, Stride: 1, Repeats: 3},
			{Block: InvertedResidual, Expansion: 6, Channels: 160, Kernel: 3, Stride: 2, Repeats: 3},
			{Block: InvertedResidual, Expansion: 6, Channels: 320, Kernel: 3, Stride: 1, Repeats: 1},
		},
		Head: 1280, BatchNormEpsilon: 1e-5, BatchNormMomentum: .9,
	}
}

// resNet is [resnet] with one kind of block, repeats[i] of them in stage i.
func resNet(block string, repeats ...int) func() Architecture {
	expansion := 1
	if block == Bottleneck {
		expansion = 4
	}
	return func() Architecture {
		a := Architecture{
			InChannels: 3, Pixels: 224, Classes: ImageNetClasses, Activation: ReLU,
			Stem:             Stem{Channels: 64, Kernel: 7, Stride: 2, Pool: true},
			BatchNormEpsilon: 1e-5, BatchNormMomentum: .9,
		}
		channels, stride := 64, 1
		for _, n := range repeats {
			a.Stages = append(a.Stages, Stage{Block: block, Expansion: expansion,
				Channels: channels * expansion, Kernel: 3, Stride: stride, Repeats: n})
			channels, stride = 2*channels, 2
		}
		return a
	}
}
