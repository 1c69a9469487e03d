package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gridsearch/dataset/pack"
	"gridsearch/dataset/photos"
	"gridsearch/dataset/picture"
	"gridsearch/internal/cache"
	"gridsearch/internal/nearest"
	"gridsearch/internal/plural"
)

// What happens to files that cannot be read.
const (
	UnreadableFails = "error" // they are all named, and nothing is trained
	UnreadableSkips = "skip"  // they are left out and counted
)

// Reading says how an image folder is read, where it is not as usual.
type Reading struct {
	// CSV file in the folder with the columns path, label and perhaps split, instead of a folder
	// for each class
	List         string `json:"list,omitempty"`
	Ground       string `json:"ground,omitempty"`        // under transparent pixels: "white" or "#rrggbb"
	OnUnreadable string `json:"on_unreadable,omitempty"` // UnreadableFails where it is empty
	// leaves out all but the first of identical files of the training part, and those that the
	// validation part has
	Deduplicate bool `json:"deduplicate,omitempty"`
}

// ParseGround reads a colour: "white", "black", "#rrggbb", or the empty text for white.
func ParseGround(text string) (picture.Ground, error) {
	switch text {
	case "", "white":
		return picture.White, nil
	case "black":
		return picture.Ground{}, nil
	}
	hex, ok := strings.CutPrefix(text, "#")
	if v, err := strconv.ParseUint(hex, 16, 32); ok && err == nil && len(hex) == 6 {
		return picture.Ground{uint8(v >> 16), uint8(v >> 8), uint8(v)}, nil
	}
	return picture.Ground{}, fmt.Errorf("%q is no colour: did you mean %q, or one like #f0f0f0?", text,
		nearest.Word(text, []string{"white", "black"}))
}

// MaxNative limits the native size, in pixels: a study of larger images needs more memory than it
// gains.
const MaxNative = 512

// Photographs is an image folder: images of any size, cropped to their central square. They are
// decoded once for each size, into packs, which all processes share.
type Photographs struct {
	set     *photos.Set
	reading Reading
	info    Info
	used    [3][]int // by Part: the places of images that can be used
	labels  [3][]int // theirs
	copies  []string // training images that are left out as copies
}

// PackFolder is the folder of packs and of what is known of image folders; empty where the user
// has no cache directory.
func PackFolder() string { return string(cache.User("packs")) }

// openFolder surveys an image folder. Files that cannot be read are no error here (Unreadable).
func openFolder(ctx context.Context, spec Spec, watch photos.Watch) (Source, error) {
	if spec.Path == "" {
		return nil, errors.New("data set image-folder needs a folder: set [data] path to one " +
			"that holds train/CLASS/*.jpg (or CLASS/*.jpg)")
	}
	if _, err := os.Stat(spec.Path); err != nil {
		return nil, fmt.Errorf("data set image-folder: %w%s", err, misread(spec.Path))
	}
	ground, err := ParseGround(spec.Reading.Ground)
	if err != nil {
		return nil, err
	}
	set, err := photos.Open(ctx, spec.Path, photos.Options{List: spec.Reading.List, Ground: ground,
		Files: files{ground}, Cache: PackFolder(), Watch: watch})
	if err == nil && spec.Reading.Deduplicate { // which images there are must not depend on the cache
		err = set.Compare(ctx, photos.Train, photos.Validation)
	}
	if err != nil {
		return nil, err
	}
	p := &Photographs{set: set, reading: spec.Reading, info: Info{Name: "image-folder",
		Classes: set.Listing.Classes, Origin: spec.Path, Licence: "not known",
		Notes: set.Listing.Notes}}
	p.survey()
	if len(p.used[Train]) == 0 {
		if text := p.badFiles(Train); text != "" {
			return nil, fmt.Errorf("%s%s\nno other training image is there", Quote(spec.Path), text)
		}
		return nil, fmt.Errorf("%s has no training image", Quote(spec.Path))
	}
	return p, nil
}

// misread says what is wrong with a path that a shell or a browser would understand.
func misread(path string) string {
	switch path = "/" + filepath.ToSlash(path); {
	case strings.Contains(path, "/~/"):
		return ": write the home directory out, as ~ is the shell's"
	case strings.Contains(path, "/file:/"):
		return ": write the folder without file://"
	case strings.Contains(path, "/http:/") || strings.Contains(path, "/https:/"):
		return ": nothing is downloaded; name a folder on this machine"
	}
	return ""
}

// OpenPhotos lists a folder whose images need no classes, to be read with this many channels, 1 for
// grey or 3 for colour, and a ground as ParseGround reads it.
func OpenPhotos(ctx context.Context, path, ground string, channels int, watch Watch) (*photos.Set,
	error) {
	under, err := ParseGround(ground)
	if err == nil {
		err = checkChannels(channels)
	}
	if err != nil {
		return nil, err
	}
	return photos.Open(ctx, path, photos.Options{Ground: under, Files: files{under},
		Cache: PackFolder(), Watch: watch, Unlabelled: true})
}

// files reads files of images.
type files struct{ ground picture.Ground }

func (files) IsImage(name string) bool  { return picture.HasExtension(name) }
func (files) Advice(name string) string { return picture.Advice(name) }

func (files) Check(r io.ReaderAt, size int64) (photos.Header, error) {
	h, err := picture.Check(r, size)
	return photos.Header{Width: h.Width, Height: h.Height, Grey: h.Grey}, err
}

func (f files) Decode(text []byte) (photos.Image, error) { return picture.Decode(text, f.ground) }

// survey says what the images are, of what is known of the files now. Channels and native size are
// those of all sound headers: what decoding finds out later does not change them.
func (p *Photographs) survey() {
	side, grey := math.MaxInt, true
	for part := range p.used {
		all := p.set.Parts[part]
		p.used[part], p.labels[part] = make([]int, 0, len(all)), make([]int, 0, len(all))
		for i, photo := range all {
			if Part(part) == Train && photo.Header.Side() > 0 {
				side, grey = min(side, photo.Header.Side()), grey && photo.Header.Grey
			}
			if photo.Bad == "" && photo.Class >= 0 {
				p.used[part] = append(p.used[part], i)
				p.labels[part] = append(p.labels[part], photo.Class)
			}
		}
	}
	if p.reading.Deduplicate {
		p.deduplicate()
	}
	p.info.Channels = 3
	if grey {
		p.info.Channels = 1
	}
	p.info.Native = min(side, MaxNative)
	p.info.Train, p.info.Validation = len(p.used[Train]), len(p.used[Validation])
	p.info.Test = len(p.set.Parts[Test])
}

// Info describes the folder. Its training part alone decides classes, channels and native size.
func (p *Photographs) Info() Info { return p.info }

// Labels are the classes of the images of a part that can be used.
func (p *Photographs) Labels(part Part) []int { return p.labels[part] }

// Load decodes these images now, at the native size.
func (p *Photographs) Load(ctx context.Context, part Part, indices []int) (*Images, error) {
	if err := p.set.Check(ctx, photos.Part(part)); err != nil {
		return nil, err
	}
	im := NewImages(len(indices), p.info.Native, p.info.Channels)
	for place, i := range indices {
		if i < 0 || i >= len(p.used[part]) {
			return nil, fmt.Errorf("%s has no %s image %d: there are %d", p.info.Origin, part, i,
				len(p.used[part]))
		}
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		photo := p.set.Parts[part][p.used[part][i]]
		square, err := p.set.Square(photo, im.Size, im.Channels)
		if err != nil {
			return nil, err
		}
		copy(im.image(place), square)
		im.Labels[place] = int32(photo.Class)
	}
	return im, nil
}

// Prepare opens the packs of a part at these sizes, and makes those that there are not. Labels may
// be fewer afterwards, where files turned out to be damaged and are to be skipped; otherwise those
// are the error. A *fault.Fault is what the machine refuses when packs are written.
func (p *Photographs) Prepare(ctx context.Context, part Part, sizes []int) error {
	before := p.info
	if err := p.set.Prepare(ctx, photos.Part(part), sizes, before.Channels); err != nil {
		return err
	}
	p.survey()
	err := p.Unreadable(part)
	if err == nil && (p.info.Native != before.Native || p.info.Channels != before.Channels) {
		err = fmt.Errorf("%s has changed while it was read: run the same command again when nothing "+
			"writes to it", before.Origin)
	}
	return err
}

// Missing says what Prepare would do for these sizes, as far as is known without reading files: how
// many images it would decode, and of which sizes it would write packs.
func (p *Photographs) Missing(part Part, sizes []int) (images int, missing []int) {
	return p.set.Missing(photos.Part(part), sizes, p.info.Channels)
}

// Packed is the number of bytes of a pack of a part.
func (p *Photographs) Packed(part Part, pixels int) int64 {
	c := pack.Config{N: len(p.set.Parts[part]), Pixels: pixels, Channels: p.info.Channels}
	return c.Bytes()
}

// At gives images of a part at a size that Prepare was given.
func (p *Photographs) At(part Part, indices []int, pixels int) (*Images, error) {
	packed, err := p.set.Pack(photos.Part(part), pixels, p.info.Channels)
	if err != nil {
		return nil, err
	}
	order := make([]int32, len(indices))
	for place, i := range indices {
		order[place] = int32(p.used[part][i])
	}
	return FromPack(packed, order), nil
}

// Unreadable names the files of a part that cannot be read, unless they are to be skipped.
func (p *Photographs) Unreadable(part Part) error {
	if p.reading.OnUnreadable == UnreadableSkips {
		return nil
	}
	if text := p.badFiles(part); text != "" {
		return fmt.Errorf("%s%s\nmend or remove them, or set [data] on_unreadable = %q to leave "+
			"them out", p.info.Origin, text, UnreadableSkips)
	}
	return nil
}

// Files lists the files of some parts, a line for each: the first 16 digits of its SHA-256, and its
// path. Prepare has read them all.
func (p *Photographs) Files(parts ...Part) (lines []string) {
	for _, part := range parts {
		for _, photo := range p.set.Parts[part] {
			lines = append(lines, hex.EncodeToString(photo.Content[:8])+" "+Quote(photo.Path))
		}
	}
	return lines
}

// shown limits how many files a message names.
const shown = 20

// badFiles names the unreadable files of a part, a line for each; empty if there is none.
func (p *Photographs) badFiles(part Part) string {
	var lines []string
	for _, photo := range p.set.Parts[part] {
		if photo.Bad != "" {
			lines = append(lines, fmt.Sprintf("%s: %s", Quote(photo.Path), photo.Bad))
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return fmt.Sprintf(" has %s that cannot be read:", plural.Of(len(lines), "image")) + Lines(lines)
}

// Lines are a few entries, each on a line of its own, for the end of a message.
func Lines(entries []string) string {
	more := ""
	if n := len(entries) - shown; n > 0 {
		entries, more = entries[:shown], fmt.Sprintf("\n  and %d more", n)
	}
	return "\n  " + strings.Join(entries, "\n  ") + more
}

// Quote shows a name from a disk: as it is, or quoted if it has characters that are not printed.
func Quote(name string) string {
	if quoted := strconv.Quote(name); quoted != `"`+name+`"` {
		return quoted
	}
	return name
}

// deduplicate leaves out all but the first of identical training files, and those that the
// validation part has. The content of all that could be copies is known.
func (p *Photographs) deduplicate() {
	seen := map[[sha256.Size]byte]bool{{}: false}
	for _, i := range p.used[Validation] {
		seen[p.set.Parts[Validation][i].Content] = true
	}
	seen[[sha256.Size]byte{}] = false
	kept := 0
	p.copies = nil
	for at, i := range p.used[Train] {
		content := p.set.Parts[Train][i].Content
		if seen[content] {
			p.copies = append(p.copies, Quote(p.set.Parts[Train][i].Path))
			continue
		}
		seen[content] = content != [sha256.Size]byte{}
		p.used[Train][kept], p.labels[Train][kept] = i, p.labels[Train][at]
		kept++
	}
	p.used[Train], p.labels[Train] = p.used[Train][:kept], p.labels[Train][:kept]
}

// smallest are the paths of the images of a part with the shortest side, at most a few, and that
// side.
func (p *Photographs) smallest(part Part, most int) (paths []string, side int) {
	order := slices.Clone(p.used[part])
	at := func(i int) photos.Photo { return p.set.Parts[part][i] }
	slices.SortStableFunc(order, func(a, b int) int { return at(a).Header.Side() - at(b).Header.Side() })
	for _, i := range order {
		if h := at(i).Header; len(paths) < most && h.Side() == at(order[0]).Header.Side() {
			paths = append(paths, fmt.Sprintf("%s (%d x %d)", Quote(at(i).Path), h.Width, h.Height))
			side = h.Side()
		}
	}
	return paths, side
}

// LimitedBySmall says whether a few images alone keep the native size down: they have less than
// half of the median's side, or of the largest native size.
func (p *Photographs) LimitedBySmall() bool {
	return p.info.Native < min(p.sides(Train).Median, MaxNative)/2
}

// Smallest names the smallest training images, and says what they do.
func (p *Photographs) Smallest() string {
	paths, side := p.smallest(Train, 5)
	return fmt.Sprintf("the smallest images decide the native size, as images are never enlarged: %s, "+
		"with a shorter side of %s, where the median image has %d; remove or replace what is no "+
		"photograph", strings.Join(paths, ", "), plural.Of(side, "pixel"), p.sides(Train).Median)
}

// Sides are the shorter sides of the images of a part, in pixels.
type Sides struct{ Least, Median, Greatest int }

func (p *Photographs) sides(part Part) Sides {
	if len(p.used[part]) == 0 {
		return Sides{}
	}
	list := make([]int, len(p.used[part]))
	for k, i := range p.used[part] {
		list[k] = p.set.Parts[part][i].Header.Side()
	}
	slices.Sort(list)
	return Sides{list[0], list[len(list)/2], list[len(list)-1]}
}
