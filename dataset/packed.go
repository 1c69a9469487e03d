package dataset

import (
	"errors"

	"gridsearch/dataset/pack"
	"gridsearch/internal/fault"
)

// FromPack are the images of a pack at these places of it, with their labels there.
func FromPack(p *pack.Pack, order []int32) *Images {
	im := &Images{N: len(order), Size: p.Pixels, Channels: p.Channels, pack: p, order: order,
		Labels: make([]int32, len(order))}
	for i, place := range order {
		im.Labels[i] = p.Labels[place]
	}
	return im
}

// split describes training and validation images that lie in packs.
func split(train, validation *Images) (pack.Split, error) {
	if train.pack == nil || validation.pack == nil {
		return pack.Split{}, errors.New("images in memory have no split on disk")
	}
	s := pack.Split{Train: train.pack.ID, Validation: validation.pack.ID,
		TrainIndices: train.order, ValidationIndices: validation.order}
	s.Checksum = s.Sum(train.pack, validation.pack)
	return s, nil
}

// SplitChecksum is the SHA-256 over digests, labels and sizes of training and validation images that
// lie in packs.
func SplitChecksum(train, validation *Images) (string, error) {
	s, err := split(train, validation)
	return s.Checksum, err
}

// KeepSplit writes down which images of which packs a split is, so that OpenSplit finds it. Where
// the cache cannot be written nothing is kept. What the machine refuses besides is a *fault.Fault.
func KeepSplit(train, validation *Images) error {
	s, err := split(train, validation)
	if err != nil || PackFolder() == "" {
		return err
	}
	err = pack.SaveSplit(PackFolder(), s)
	if f := fault.Of(err); pack.Unusable(err) {
		return nil
	} else if f != nil {
		return f
	}
	return err
}

// Unkept is why packs cannot be kept in the user's cache directory, so that each process has its own
// in memory; nil where they can.
func Unkept() error {
	if err := pack.Probe(PackFolder()); pack.Unusable(err) {
		return err
	}
	return nil
}

// Discard removes the file of a damaged pack that an error tells of, so that it is made anew, and
// says whether the error is one of that kind. A file that is whole stays: another process has made
// it meanwhile.
func Discard(err error) bool {
	var damaged *pack.Damaged
	if !errors.As(err, &damaged) {
		return false
	}
	pack.Discard(damaged.Path)
	return true
}

// OpenSplit opens the images of a split, with the names of their classes, if its packs are there
// and are what the checksum says.
func OpenSplit(checksum string) (train, validation *Images, classes []string, err error) {
	s, first, second, err := pack.OpenSplit(PackFolder(), checksum)
	if err != nil {
		return nil, nil, nil, err
	}
	return FromPack(first, s.TrainIndices), FromPack(second, s.ValidationIndices), first.Classes, nil
}
