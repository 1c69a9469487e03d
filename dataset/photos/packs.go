package photos

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"syscall"

	"gridsearch/dataset/pack"
	"gridsearch/internal/fault"
	"gridsearch/internal/plural"
	"gridsearch/internal/si"
)

// filter names how pixels are made of files. It changes with their bytes.
const filter = "area 1"

// packName says which pack of a folder is meant.
type packName struct {
	Part             Part
	Pixels, Channels int
	Ground           [3]uint8
}

func (s *Set) name(part Part, pixels, channels int) packName {
	return packName{part, pixels, channels, s.options.Ground}
}

// Pack is the pack of a part at a size, which Prepare has opened.
func (s *Set) Pack(part Part, pixels, channels int) (*pack.Pack, error) {
	p, ok := s.packs[s.name(part, pixels, channels)]
	if !ok {
		return nil, fmt.Errorf("%s has no pack of the %s part at %d pixels", s.Listing.Root, part, pixels)
	}
	return p, nil
}

// Missing says, as far as is known without reading files, what Prepare would do for some sizes: how
// many images it would decode, and of which sizes it would write packs.
func (s *Set) Missing(part Part, sizes []int, channels int) (images int, missing []int) {
	for _, pixels := range sizes {
		name := s.name(part, pixels, channels)
		if s.packs[name] != nil || s.unread(part) == 0 && pack.Exists(s.options.Cache, s.id(name)) {
			continue
		}
		missing = append(missing, pixels)
		if old := s.inventory.Packs[name]; pack.Exists(s.options.Cache, old.ID) {
			images = max(images, s.lacks(part, old))
		} else {
			images = len(s.Parts[part])
		}
	}
	return images, missing
}

// lacks counts the files of a part that are not in an earlier pack.
func (s *Set) lacks(part Part, old made) (n int) {
	have := old.places(nil)
	for _, p := range s.Parts[part] {
		if _, ok := have[p.Content]; !ok {
			n++
		}
	}
	return n
}

// places are where the images of a pack are, by the content of their files. Those whose files could
// not be read are left out, if its labels are given: they are black.
func (m made) places(labels []int32) map[[sha256.Size]byte]int {
	places := make(map[[sha256.Size]byte]int, len(m.Contents)/sha256.Size)
	for i := 0; i+sha256.Size <= len(m.Contents); i += sha256.Size {
		if place := i / sha256.Size; labels == nil || labels[place] != pack.NoClass {
			places[[sha256.Size]byte(m.Contents[i:])] = place
		}
	}
	return places
}

// Prepare opens the packs of a part at several sizes, and makes those that there are not: each file
// is decoded once for all of them. A file that cannot be read has the label -1 there, and Photo.Bad.
// Of two processes that want the same, one waits for the other. Where the cache cannot be written
// packs lie in memory. Errors are the cause of an ended context and what the machine refuses when
// packs are written, as a *fault.Fault: a full disk with what is needed and what there is.
func (s *Set) Prepare(ctx context.Context, part Part, sizes []int, channels int) error {
	if err := s.Check(ctx, part); err != nil {
		return err
	}
	lack, err := s.unopened(ctx, part, sizes, channels)
	if err != nil || len(lack) == 0 {
		return err
	}
	release, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	for i := range s.Parts[part] { // another process may have read the files meanwhile
		s.inventory.fill(&s.Parts[part][i])
	}
	if lack, err = s.unopened(ctx, part, lack, channels); err != nil || len(lack) == 0 {
		return err
	}
	if s.unread(part) > 0 && s.likely(part, lack, channels) {
		if err := s.hash(ctx, part, func(Photo) bool { return true }); err != nil {
			return err
		}
		if lack, err = s.unopened(ctx, part, lack, channels); err != nil || len(lack) == 0 {
			return err
		}
	}
	if err = s.make(ctx, part, lack, channels); ctx.Err() == nil && fault.Of(err) != nil {
		return fault.Of(err)
	}
	return err
}

// lock takes the right to make packs of the folder, and reads anew what others have found out about
// its files. Without a cache to write to there is nothing to lock.
func (s *Set) lock(ctx context.Context) (release func(), err error) {
	if s.options.Cache == "" {
		return func() {}, nil
	}
	release, err = pack.Acquire(ctx, s.options.Cache, s.inventory.id, func() {
		s.options.Watch("waiting for another process that reads the same images", 0, 0)
	})
	switch {
	case err == nil:
		s.inventory.load()
		return release, nil
	case pack.Unusable(err):
		s.options.Cache = ""
		return func() {}, nil
	case ctx.Err() == nil && fault.Of(err) != nil:
		return nil, fault.Of(err)
	}
	return nil, err
}

// unopened opens the packs that there are, and returns the sizes of the others.
func (s *Set) unopened(ctx context.Context, part Part, sizes []int, channels int) (lack []int,
	err error) {
	for _, pixels := range sizes {
		name := s.name(part, pixels, channels)
		if s.packs[name] != nil || slices.Contains(lack, pixels) {
			continue
		}
		found, err := s.open(ctx, name)
		if err != nil {
			return nil, err
		}
		if found == nil {
			lack = append(lack, pixels)
		} else {
			s.keep(name, found)
		}
	}
	s.inventory.save()
	return lack, nil
}

// open opens a pack if it is there and says of the files what is known of them. What only it knows,
// as after a folder has moved, is which of them cannot be decoded: these are, to know why.
func (s *Set) open(ctx context.Context, name packName) (*pack.Pack, error) {
	if s.unread(name.Part) > 0 || s.options.Cache == "" {
		return nil, nil
	}
	p, err := pack.Open(s.options.Cache, s.id(name))
	if err != nil { // one that is damaged is replaced
		return nil, nil
	}
	photos := s.Parts[name.Part]
	var black []int
	for i, label := range p.Labels {
		if label == pack.NoClass && photos[i].Class >= 0 && photos[i].Bad == "" {
			black = append(black, i)
		}
	}
	if err := s.each(ctx, "reading images", name.Part, black, func(_ int, p *Photo) {
		s.decode(p, nil)
	}); err != nil {
		return nil, err
	}
	if p.ID != s.id(name) || !slices.Equal(p.Labels, s.labels(name.Part)) {
		_ = p.Close()
		return nil, nil
	}
	return p, nil
}

// keep remembers an open pack.
func (s *Set) keep(name packName, p *pack.Pack) {
	s.packs[name] = p
	if s.inventory.Packs[name].ID == p.ID {
		return
	}
	contents := make([]byte, 0, len(s.Parts[name.Part])*sha256.Size)
	for _, photo := range s.Parts[name.Part] {
		contents = append(contents, photo.Content[:]...)
	}
	s.inventory.Packs[name] = made{p.ID, contents}
	s.inventory.changed = true
}

// unread counts the files whose content is not known.
func (s *Set) unread(part Part) (n int) {
	for _, p := range s.Parts[part] {
		if p.Content == [sha256.Size]byte{} {
			n++
		}
	}
	return n
}

// id is the SHA-256 of all that decides the bytes of a pack.
func (s *Set) id(name packName) string {
	hash := sha256.New()
	fmt.Fprintf(hash, "%s\n%d %d %d\n%q\n", filter, name.Pixels, name.Channels, name.Ground,
		s.Listing.Classes)
	for _, p := range s.Parts[name.Part] {
		hash.Write(p.Content[:])
		_ = binary.Write(hash, binary.LittleEndian, int32(p.Class)) // a hash takes every write
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// likely says whether there is a pack of this form under another name: then the folder has moved,
// or is there twice, and reading its files alone may find it.
func (s *Set) likely(part Part, sizes []int, channels int) bool {
	entries, err := pack.List(s.options.Cache)
	return err == nil && slices.ContainsFunc(entries, func(e pack.Entry) bool {
		return e.N == len(s.Parts[part]) && e.Channels == channels && slices.Contains(sizes, e.Pixels)
	})
}

// hash reads those files whose content is not known and that are wanted, without decoding them.
func (s *Set) hash(ctx context.Context, part Part, wanted func(Photo) bool) error {
	var unknown []int
	for i, p := range s.Parts[part] {
		if p.Content == [sha256.Size]byte{} && wanted(p) {
			unknown = append(unknown, i)
		}
	}
	return s.each(ctx, "reading files", part, unknown, func(_ int, p *Photo) { s.take(p) })
}

// build is one pack in the making.
type build struct {
	name   packName
	writer *pack.Writer
	old    *pack.Pack                // an earlier one of the folder; nil if there is none
	places map[[sha256.Size]byte]int // of the images in it
}

// make decodes the files of a part and writes their packs.
func (s *Set) make(ctx context.Context, part Part, sizes []int, channels int) error {
	var builds []*build
	defer func() {
		for _, b := range builds {
			b.writer.Abort() // does nothing to a pack that is written
		}
	}()
	for _, pixels := range sizes {
		b, err := s.begin(s.name(part, pixels, channels))
		if err != nil {
			return s.noRoom(err, len(s.Parts[part]), sizes, channels)
		}
		builds = append(builds, b)
	}
	if err := s.fill(ctx, part, builds); err != nil {
		return err // what is under way may still read the earlier packs: they stay open
	}
	for _, b := range builds {
		if b.old != nil {
			_ = b.old.Close()
		}
		if err := b.writer.Name(s.id(b.name), s.labels(part)); err != nil {
			return err
		}
		p, err := b.writer.Commit()
		if err != nil {
			return err
		}
		s.keep(b.name, p)
	}
	s.inventory.save()
	return nil
}

// noRoom adds to the error of a full disk what is to be written.
func (s *Set) noRoom(err error, images int, sizes []int, channels int) error {
	full := fault.Of(err)
	if !errors.Is(err, syscall.ENOSPC) || full == nil {
		return err
	}
	bytes := int64(0)
	for _, pixels := range sizes {
		c := pack.Config{N: images, Pixels: pixels, Channels: channels}
		bytes += c.Bytes()
	}
	full.Path = s.options.Cache
	full.Cause += fmt.Sprintf(", and the packs of %s at %s take %sB",
		plural.Of(images, "image"), plural.Of(len(sizes), "size"), si.Text(float64(bytes)))
	full.Advice += ", or put the cache elsewhere (XDG_CACHE_HOME)"
	return full
}

// labels are the classes of a part's files; -1 for those that cannot be read.
func (s *Set) labels(part Part) []int32 {
	labels := make([]int32, len(s.Parts[part]))
	for i, p := range s.Parts[part] {
		if labels[i] = int32(p.Class); p.Bad != "" {
			labels[i] = pack.NoClass
		}
	}
	return labels
}

// begin opens a writer, in memory if the cache cannot be written.
func (s *Set) begin(name packName) (*build, error) {
	n := len(s.Parts[name.Part])
	c := pack.Config{ID: pack.Unnamed, N: n, Labels: s.labels(name.Part),
		Pixels: name.Pixels, Channels: name.Channels, Classes: s.Listing.Classes, Filter: filter}
	b := &build{name: name}
	if old := s.inventory.Packs[name]; old.ID != "" && s.options.Cache != "" {
		if p, err := pack.Open(s.options.Cache, old.ID); err == nil {
			b.old, b.places = p, old.places(p.Labels)
		}
	}
	var err error
	if s.options.Cache == "" {
		b.writer = pack.InMemory(c)
	} else if b.writer, err = pack.Create(s.options.Cache, c); pack.Unusable(err) {
		b.writer, err = pack.InMemory(c), nil
	}
	return b, err
}

// fill writes every image into its packs, from an earlier pack if it is there. What cannot be
// written ends it.
func (s *Set) fill(ctx context.Context, part Part, builds []*build) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	all := make([]int, len(s.Parts[part]))
	for i := range all {
		all[i] = i
	}
	return s.each(ctx, "reading images", part, all, func(i int, p *Photo) {
		if err := s.write(p, i, builds); err != nil {
			cancel(err)
		}
	})
}

// write writes one image into its packs. A file that cannot be read leaves it black; an error is
// one of writing.
func (s *Set) write(p *Photo, i int, builds []*build) error {
	var text []byte
	if p.Content == [sha256.Size]byte{} {
		text = s.take(p)
	}
	left, err := reuse(*p, i, builds)
	if err != nil || len(left) == 0 {
		return err
	}
	var decoded Image
	if p.Bad == "" {
		decoded = s.decode(p, text)
	}
	for _, b := range left {
		square := make([]uint8, b.name.Pixels*b.name.Pixels*b.name.Channels)
		if p.Bad == "" {
			square = decoded.Square(b.name.Pixels, b.name.Channels)
		}
		if err := b.writer.Put(i, square); err != nil {
			return err
		}
	}
	return nil
}

// decode decodes a file, which it reads if its text is not given, and notes why it cannot.
func (s *Set) decode(p *Photo, text []byte) Image {
	if text == nil {
		text = s.take(p)
	}
	if p.Bad != "" {
		return nil
	}
	decoded, err := s.options.Files.Decode(text)
	if err != nil {
		p.Bad = err.Error()
	}
	return decoded
}

// reuse copies an image whose file's content is known from earlier packs, and returns those that
// still want it.
func reuse(p Photo, i int, builds []*build) (left []*build, err error) {
	for _, b := range builds {
		at, ok := b.places[p.Content]
		if !ok || p.Bad != "" {
			left = append(left, b)
			continue
		}
		image, err := b.old.Image(at)
		image = bytes.Clone(image)
		if err != nil || sha256.Sum256(image) != b.old.Digests[at] {
			left = append(left, b) // it is damaged: the file is decoded again
			continue
		}
		if err := b.writer.Put(i, image); err != nil {
			return nil, err
		}
	}
	return left, nil
}
