package dataset

import (
	"context"
	"fmt"

	"gridsearch/dataset/records"
)

// memory is a data set that is read whole.
type memory struct{ set *records.Set }

func (m memory) Info() Info {
	s := m.set
	return Info{Name: s.Name, Classes: s.Classes, Channels: s.Channels, Native: s.Native,
		Train: len(s.Labels[Train]), Test: len(s.Labels[Test]), Origin: s.Origin,
		Licence: s.Licence, Notes: s.Notes}
}

func (m memory) Labels(part Part) []int { return m.set.Labels[part] }

// Load copies images out of a part.
func (m memory) Load(_ context.Context, part Part, indices []int) (*Images, error) {
	pixels, labels := m.set.Pixels[part], m.set.Labels[part]
	im := NewImages(len(indices), m.set.Native, m.set.Channels)
	for place, i := range indices {
		if i < 0 || i >= len(labels) {
			return nil, fmt.Errorf("data set %s has no image %d: there are %d", m.set.Name, i,
				len(labels))
		}
		copy(im.image(place), pixels[i*im.Bytes():])
		im.Labels[place] = int32(labels[i])
	}
	return im, nil
}

// published opens a set that read finds in one of several folders.
func published(read func(folders []string, fetching string) (*records.Set, error)) opener {
	return inMemory(func(s Spec) (*records.Set, error) { return read(s.folders(), s.fetching()) })
}

// inMemory opens a set that is read whole.
func inMemory(read func(Spec) (*records.Set, error)) opener {
	return func(_ context.Context, s Spec, _ Watch) (Source, error) {
		set, err := read(s)
		if err != nil {
			return nil, err
		}
		return memory{set}, nil
	}
}
