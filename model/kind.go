package model

// kind describes a kind of block. Builders, names and ONNX drawings of kinds are in the packages
// that build, name and draw; tests check that each has every kind of AllKinds.
type kind struct {
	name  string
	count func(*counter) // lists the layers of a block, without which it would cost nothing

	// For kinds that stages are made of:
	staged    bool
	shape     func(*Block, Stage) // what is inside the block; nil for nothing
	expansion int                 // that of the published networks; 0 where the kind has none
	seRatio   float64             // likewise
	divides   bool                // channels are a multiple of the expansion
}

// blockKinds are all kinds; those of stages are in the order in which messages list them.
var blockKinds = []kind{
	{name: MBConv, count: (*counter).mbconv, staged: true, shape: expanded, expansion: 6,
		seRatio: .25},
	{name: InvertedResidual, count: (*counter).mbconv, staged: true, shape: expanded, expansion: 6},
	{name: Separable, count: (*counter).separable, staged: true},
	{name: Conv, count: (*counter).convolution, staged: true},
	{name: Basic, count: (*counter).basic, staged: true, shape: residual},
	{name: Bottleneck, count: (*counter).bottleneck, staged: true, shape: residual, expansion: 4,
		divides: true},
	{name: KindStem, count: (*counter).stem},
	{name: KindPool, count: func(*counter) {}}, // a pooling has no layers
	{name: KindHead, count: (*counter).head},
	{name: KindClassifier, count: (*counter).classifier},
}

// BlockKinds lists the kinds that stages are made of, AllKinds the stem's and the head's as well.
var BlockKinds, AllKinds = kindNames()

func kindNames() (staged, all []string) {
	for _, k := range blockKinds {
		all = append(all, k.name)
		if k.staged {
			staged = append(staged, k.name)
		}
	}
	return staged, all
}

// kindOf finds a kind; an unknown one has neither a counter nor a shape.
func kindOf(name string) kind {
	for _, k := range blockKinds {
		if k.name == name {
			return k
		}
	}
	return kind{name: name}
}

// StageDefaults is a stage of a kind of block with the expansion and squeeze-excite ratio of its
// published networks ([code], efficientnet_builder.py; [mobile2]; [resnet]); all other fields are
// zero.
func StageDefaults(block string) Stage {
	k := kindOf(block)
	return Stage{Block: block, Expansion: max(1, k.expansion), SERatio: k.seRatio}
}

// expanded is the shape of an inverted bottleneck: more channels inside than at its input.
func expanded(b *Block, s Stage) {
	b.Expanded, b.Skip = b.In*s.Expansion, b.Stride == 1 && b.In == b.Out
}

// residual is the shape of a block of [resnet]: as many channels inside as at its output, or fewer.
func residual(b *Block, s Stage) {
	b.Expanded, b.Skip, b.Shortcut = b.Out/max(1, s.Expansion), true, b.Stride != 1 || b.In != b.Out
}
