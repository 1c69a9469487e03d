package main

import (
	"testing"

	"gridsearch/internal/forecast"
	"gridsearch/internal/images"
)

// TestReadingLines: what reading takes is said in a line, and what there is not enough of in another.
func TestReadingLines(t *testing.T) {
	first := images.Outlay{Decode: 10000, Sizes: 4, Bytes: 12e8, Write: 12e8, Largest: 7e8}
	again := first
	again.Decode, again.Write = 0, 0
	one := images.Outlay{Decode: 1, Sizes: 1, Bytes: 3e5, Write: 3e5, Largest: 3e5}
	for _, c := range []struct {
		reading forecast.Reading
		want    string
	}{
		{forecast.Reading{Outlay: first, Seconds: 185, Folder: "DIR", DiskFree: 8e10, MemoryFree: 8e9},
			"reading: 10000 images once, about 3m05s; the packs of 4 sizes take 1.2 GB in DIR (80 GB free)\n"},
		{forecast.Reading{Outlay: again, Folder: "DIR", DiskFree: 1, MemoryFree: 8e9},
			"reading: no image has to be decoded; the packs of 4 sizes take 1.2 GB in DIR (1B free)\n"},
		{forecast.Reading{Outlay: first, Seconds: 9, Folder: "DIR", DiskFree: 1e9, MemoryFree: 5e8},
			"reading: 10000 images once, about 9s; the packs of 4 sizes take 1.2 GB in DIR (1 GB free)\n" +
				"warning: 1.2 GB are to be written there, more than is free; XDG_CACHE_HOME puts them " +
				"elsewhere\nwarning: those of the largest size take 700 MB, more than the 500 MB of memory " +
				"that are free: every epoch reads them from the disk\n"},
		{forecast.Reading{Outlay: one, Seconds: .1, MemoryFree: 3e6},
			"reading: 1 image once, about 0s; the packs of 1 size take 300 kB in each of 3 processes " +
				"(3 MB of memory free)\n"},
		{forecast.Reading{Outlay: first, Seconds: 9, MemoryFree: 3e9},
			"reading: 10000 images once, about 9s; the packs of 4 sizes take 1.2 GB in each of 3 processes " +
				"(3 GB of memory free)\nwarning: that is 3.6 GB, more than there is; with a cache directory " +
				"(XDG_CACHE_HOME) processes share one copy\n"},
		{forecast.Reading{Outlay: first, Seconds: 9, Folder: "DIR"}, // of another system
			"reading: 10000 images once, about 9s; the packs of 4 sizes take 1.2 GB in DIR\n"},
	} {
		if got := readingLines(c.reading, 2); got != c.want {
			t.Errorf("got\n%swant\n%s", got, c.want)
		}
	}
}
