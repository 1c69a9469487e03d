package dataset

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"gridsearch/dataset/motifs"
)

// motifSet draws its pictures in blocks when they are first asked for, and keeps the blocks in the user's cache directory.
type motifSet struct {
	folder string // empty where there is none: pictures are drawn every time
}

// motifBlock is the number of pictures in a cached file.
const motifBlock = 250

func openMotifs() *motifSet {
	cache, err := os.UserCacheDir()
	if err != nil {
		return &motifSet{}
	}
	return &motifSet{filepath.Join(cache, "gridsearch", fmt.Sprintf("motifs-v%d", motifs.Version))}
}

func (*motifSet) Info() Info {
	info := Info{Name: "motifs", Channels: motifs.Channels, Native: motifs.Pixels, Train: motifs.Train, Test: motifs.Test,
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
	if part == Test {
		return motifs.Train, motifs.Test
	}
	return 0, motifs.Train
}

// Load draws or reads the blocks that hold the pictures, on all cores.
func (m *motifSet) Load(part Part, indices []int) (*Images, error) {
	first, n := motifRange(part)
	im := newImages(len(indices), motifs.Pixels, motifs.Channels)
	byBlock := map[int][]int{} // places in indices
	for place, i := range indices {
		if i < 0 || i >= n {
			return nil, fmt.Errorf("motifs has no %s picture %d: there are %d", part, i, n)
		}
		im.Labels[place] = int32(motifs.Label(first + i))
		byBlock[(first+i)/motifBlock] = append(byBlock[(first+i)/motifBlock], place)
	}
	blocks := make([]int, 0, len(byBlock))
	for block := range byBlock {
		blocks = append(blocks, block)
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range runtime.NumCPU() {
		wait.Go(func() {
			for k := int(next.Add(1)) - 1; k < len(blocks); k = int(next.Add(1)) - 1 {
				pictures := m.block(blocks[k])
				for _, place := range byBlock[blocks[k]] {
					at := (first + indices[place]) % motifBlock * motifs.Bytes
					copy(im.Image(place), pictures[at:][:motifs.Bytes])
				}
			}
		})
	}
	wait.Wait()
	return im, nil
}

// block returns the pictures of a block, from the cache if it has them whole.
func (m *motifSet) block(block int) []uint8 {
	path := filepath.Join(m.folder, fmt.Sprintf("%04d", block))
	if m.folder != "" {
		if pictures, ok := readBlock(path); ok {
			return pictures
		}
	}
	pictures := make([]uint8, motifBlock*motifs.Bytes)
	for i := range motifBlock {
		motifs.Draw(pictures[i*motifs.Bytes:][:motifs.Bytes], block*motifBlock+i)
	}
	if m.folder != "" {
		writeBlock(path, pictures)
	}
	return pictures
}

// readBlock reads a cached block: its SHA-256, then its bytes. A file that is torn or changed is not used.
func readBlock(path string) ([]uint8, bool) {
	text, err := os.ReadFile(path)
	if err != nil || len(text) != sha256.Size+motifBlock*motifs.Bytes {
		return nil, false
	}
	sum := sha256.Sum256(text[sha256.Size:])
	return text[sha256.Size:], string(sum[:]) == string(text[:sha256.Size])
}

// writeBlock replaces a cached block by rename: other processes see all of it or nothing. A cache that cannot be written costs time, nothing else,
// so errors are dropped.
func writeBlock(path string, pictures []uint8) {
	if os.MkdirAll(filepath.Dir(path), 0o755) != nil {
		return
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return
	}
	defer os.Remove(file.Name())
	sum := sha256.Sum256(pictures)
	_, err1 := file.Write(sum[:])
	_, err2 := file.Write(pictures)
	if file.Close() == nil && err1 == nil && err2 == nil {
		_ = os.Rename(file.Name(), path)
	}
}
