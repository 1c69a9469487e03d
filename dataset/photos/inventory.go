package photos

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"path/filepath"
	"time"

	"gridsearch/dataset/pack"
	"gridsearch/internal/cache"
)

// inventory is what is known of the files of a folder. It is lost without harm: what it does not
// know is read again.
type inventory struct {
	folder  cache.Folder
	name    string
	id      string // of the lock of whoever makes packs of the folder
	changed bool

	Version int
	Files   map[string]known // by path
	Packs   map[packName]made
}

// known is what is known of a file that had this size and these times.
type known struct {
	Size, ModTime, Changed int64
	Seen                   int64 // when it was opened for this
	Header                 Header
	Content                [sha256.Size]byte
	Bad                    string
}

// made is a pack of the folder, and the content of the files in it, in their order.
type made struct {
	ID       string
	Contents []byte
}

// inventoryVersion is raised when readers see other things in a file.
const inventoryVersion = 3

// openInventory reads what is known of a folder.
func openInventory(dir, root, list string) *inventory {
	sum := sha256.Sum256([]byte(root + "\x00" + list))
	id := hex.EncodeToString(sum[:16])
	n := &inventory{folder: cache.Folder(dir), id: id, name: id + pack.FolderEnd}
	n.load()
	return n
}

// load reads the inventory anew.
func (n *inventory) load() {
	n.Files, n.Packs, n.Version = nil, nil, 0
	if text, ok := n.folder.Load(n.name); ok {
		_ = gob.NewDecoder(bytes.NewReader(text)).Decode(n) // what is not whole has another version
	}
	if n.Version != inventoryVersion || n.Files == nil {
		n.Files = map[string]known{}
	}
	if n.Version != inventoryVersion || n.Packs == nil {
		n.Packs = map[packName]made{}
	}
	n.Version = inventoryVersion
}

// save writes the inventory if it has changed.
func (n *inventory) save() {
	var text bytes.Buffer
	if !n.changed || n.folder == "" || gob.NewEncoder(&text).Encode(n) != nil {
		return
	}
	n.folder.Save(n.name, text.Bytes())
	n.changed = false
}

// settled is how long before it was looked at a file must have been written: within the clock of
// some file systems, two writes have the same time.
const settled = 3 * time.Second

// of is what is known of a file as it is now.
func (n *inventory) of(p Photo) (k known, ok bool) {
	k, ok = n.Files[p.Path]
	ok = ok && k.Size == p.Size && k.ModTime == p.ModTime && k.Changed == p.Changed &&
		k.ModTime < k.Seen-int64(settled)
	return k, ok
}

// fill fills in what is known of a photo, and says whether anything is.
func (n *inventory) fill(p *Photo) bool {
	k, ok := n.of(*p)
	if ok {
		p.Header, p.Content, p.Bad, p.seen = k.Header, k.Content, k.Bad, k.Seen
	}
	return ok
}

// learn remembers a photo.
func (n *inventory) learn(p Photo) {
	n.Files[p.Path] = known{Size: p.Size, ModTime: p.ModTime, Changed: p.Changed,
		Seen: p.seen, Header: p.Header, Content: p.Content, Bad: p.Bad}
	n.changed = true
}

// forget forgets files that have gone.
func (n *inventory) forget(parts [3][]Photo) {
	here := make(map[string]bool, len(n.Files))
	for _, part := range parts {
		for _, p := range part {
			here[p.Path] = true
		}
	}
	for path := range n.Files {
		if !here[path] {
			delete(n.Files, path)
			n.changed = true
		}
	}
}

// Path is where a photo lies.
func (s *Set) Path(p Photo) string {
	if path := filepath.FromSlash(p.Path); filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.Listing.Root, filepath.FromSlash(p.Path))
}
