package photos

import (
	"context"
	"crypto/sha256"
)

// Place is where a photo is in the set.
type Place struct {
	Part  Part
	Index int
}

// Compare reads the files of some parts that could be copies of others: those whose size is that of
// another file. Afterwards Duplicates knows all of them.
func (s *Set) Compare(ctx context.Context, parts ...Part) error {
	sizes := map[int64]int{}
	for _, part := range parts {
		if err := s.Check(ctx, part); err != nil {
			return err
		}
		for _, p := range s.Parts[part] {
			sizes[p.Size]++
		}
	}
	for _, part := range parts {
		err := s.hash(ctx, part, func(p Photo) bool { return sizes[p.Size] > 1 })
		if err != nil {
			return err
		}
	}
	return nil
}

// Duplicates are groups of identical files in some parts, in the order of the parts, of those whose
// content is known.
func (s *Set) Duplicates(parts ...Part) (groups [][]Place) {
	at := map[[sha256.Size]byte]int{} // of the first, or of the group
	first := map[[sha256.Size]byte]Place{}
	for _, part := range parts {
		for i, p := range s.Parts[part] {
			if p.Content == [sha256.Size]byte{} || p.Content == unopened {
				continue
			}
			place := Place{part, i}
			one, seen := first[p.Content]
			if !seen {
				first[p.Content] = place
				continue
			}
			group, ok := at[p.Content]
			if !ok {
				group = len(groups)
				at[p.Content] = group
				groups = append(groups, []Place{one})
			}
			groups[group] = append(groups[group], place)
		}
	}
	return groups
}
