package dataset

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"

	"gridsearch/dataset/motifs"
	"gridsearch/dataset/photos"
)

// motifSet draws pictures when they are first needed, and keeps them in the user's cache directory.
type motifSet struct {
	cache string // file of records; empty where there is none, and pictures are drawn every time
	watch Watch
}

// A record of the cache is the SHA-256 of a picture and the picture; record i is picture i's.
// Records that have not been written, are torn or damaged do not match their SHA-256 and are drawn
// again. Processes may write at the same time: they write the same bytes.
const motifRecord = sha256.Size + motifs.Bytes

func openMotifs(w Watch) *motifSet { return &motifSet{MotifsCache(), w} }

// MotifsCache is the cache file of the pictures of motifs, "" where the user has no cache
// directory.
func MotifsCache() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, "gridsearch", fmt.Sprintf("motifs-v%d", motifs.Version))
}

func (*motifSet) Info() Info {
	info := Info{Name: "motifs", Channels: motifs.Channels, Native: motifs.Pixels,
		Train: motifs.Train, Test: motifs.Test,
		Origin: "drawn by this program", Licence: "none needed"}
	for class := range motifs.Classes {
		info.Classes = append(info.Classes, motifs.ClassName(class))
	}
	return info
}

func (*motifSet) Labels(part Part) []int {
	first, n := motifRange(part)
	labels := make([]int, n)
	for i := range labels {
		labels[i] = motifs.Label(first + i)
	}
	return labels
}

func motifRange(part Part) (first, n int) {
	switch part {
	case Train:
		return 0, motifs.Train
	case Test:
		return motifs.Train, motifs.Test
	}
	return motifs.Train + motifs.Test, 0
}

// Load reads or draws the pictures, on all cores.
func (m *motifSet) Load(ctx context.Context, part Part, indices []int) (*Images, error) {
	first, n := motifRange(part)
	im := NewImages(len(indices), motifs.Pixels, motifs.Channels)
	for place, i := range indices {
		if i < 0 || i >= n {
			return nil, fmt.Errorf("motifs has no %s picture %d: there are %d", part, i, n)
		}
		im.Labels[place] = int32(motifs.Label(first + i))
	}
	cache := m.open()
	if cache != nil {
		defer cache.Close()
	}
	err := photos.Each(ctx, len(indices), func(done int) {
		m.watch("drawing images", done, len(indices))
	}, func(place int) {
		record := make([]uint8, motifRecord)
		fetch(cache, record, first+indices[place])
		copy(im.image(place), record[sha256.Size:])
	})
	return im, err
}

// open opens the cache. Without a writable cache pictures are only drawn again, so errors are
// ignored.
func (m *motifSet) open() *os.File {
	if m.cache == "" || os.MkdirAll(filepath.Dir(m.cache), 0o755) != nil {
		return nil
	}
	file, err := os.OpenFile(m.cache, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil
	}
	return file
}

// fetch fills a record from the cache, or draws it and writes it there.
func fetch(cache *os.File, record []uint8, i int) {
	at := int64(i) * motifRecord
	if cache != nil {
		if _, err := cache.ReadAt(record, at); err == nil &&
			sha256.Sum256(record[sha256.Size:]) == [sha256.Size]byte(record) {
			return
		}
	}
	motifs.Draw(record[sha256.Size:], i)
	sum := sha256.Sum256(record[sha256.Size:])
	copy(record, sum[:])
	if cache != nil {
		_, _ = cache.WriteAt(record, at)
	}
}
