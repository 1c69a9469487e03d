package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"runtime"
	"strings"
	"testing"
)

// allocated is how many bytes a function allocates, garbage too.
func allocated(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// packed are n zeros, compressed by zlib.
func packed(n int) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	zeros := make([]byte, 1<<16)
	for ; n > 0; n -= len(zeros) {
		w.Write(zeros[:min(n, len(zeros))])
	}
	w.Close()
	return b.Bytes()
}

// pngOf is a PNG of some depth and kind, with compressed pixels.
func pngOf(width, height uint32, depth, kind, interlace byte, pixels []byte) []byte {
	b := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(name string, data []byte) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
		start := len(b)
		b = append(append(b, name...), data...)
		b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[start:]))
	}
	head := binary.BigEndian.AppendUint32(nil, width)
	head = binary.BigEndian.AppendUint32(head, height)
	chunk("IHDR", append(head, depth, kind, 0, 0, interlace))
	chunk("IDAT", pixels)
	chunk("IEND", nil)
	return b
}

// gifOf is a GIF whose frame is that of pixels, all of colour 0, by codes of 9 bits.
func gifOf(screen, frame, pixels int) []byte {
	u16 := binary.LittleEndian.AppendUint16
	b := u16(u16([]byte("GIF89a"), uint16(screen)), uint16(screen))
	b = append(b, 0x80, 0, 0, 1, 2, 3, 4, 5, 6, ',', 0, 0, 0, 0)
	b = append(u16(u16(b, uint16(frame)), uint16(frame)), 0, 8)
	var bits uint64
	n := 0
	var data []byte
	add := func(code uint64) {
		for bits |= code << n; n+9 >= 8; n -= 8 {
			data, bits = append(data, uint8(bits)), bits>>8
		}
		n += 9
	}
	for i := range pixels {
		if i%200 == 0 {
			add(256)
		}
		add(0)
	}
	add(257)
	add(0)
	for ; len(data) > 0; data = data[min(255, len(data)):] {
		b = append(append(b, uint8(min(255, len(data)))), data[:min(255, len(data))]...)
	}
	return append(b, 0, ';')
}

// TestHostileFilesGetNoMemory measures what files allocate that say or hold more than they should.
// A file's own bytes are in memory before.
func TestHostileFilesGetNoMemory(t *testing.T) {
	const kilobyte, megabyte = 1 << 10, 1 << 20
	bomb := packed(64 * megabyte) // 64 kB
	tiff := func(data []byte, tags map[uint16]uint32) []byte {
		tags[259], tags[262] = 8, 1
		offset, count := uint16(273), uint16(279)
		if tags[322] > 0 {
			offset, count = 324, 325
		}
		tags[offset], tags[count] = 0, uint32(len(data))
		tags[offset] = uint32(len(tiffOf(tags)))
		return []byte(tiffOf(tags, data...))
	}
	// 2000 x 2000 pixels at 4:4:4 and an empty scan: three bytes a pixel, and as a progressive one
	// twelve more for coefficients
	frame := "\x00\x11\x08\x07\xd0\x07\xd0\x03\x01\x11\x00\x02\x11\x00\x03\x11\x00\xff\xda" +
		"\x00\x0c\x03\x01\x00\x02\x00\x03\x00\x00\x00\x00\xff\xd9"
	for _, c := range []struct {
		name string
		file []byte
		want string // of the error, "" for none
		most int    // bytes
	}{
		{"PNG of few bytes", pngOf(11000, 12000, 16, 6, 0, packed(100)),
			"bytes of IDAT chunks are too few", 64 * kilobyte},
		{"PNG of much data", pngOf(64, 64, 8, 6, 0, bomb), "too much pixel data", 200 * kilobyte},
		{"PNG of no pixels", pngOf(0, 1, 8, 0, 0, nil), "are none", 64 * kilobyte},
		{"PNG of too many", pngOf(1<<31-1, 1<<31-1, 8, 0, 0, nil), "are none", 64 * kilobyte},
		{"PNG of too many", pngOf(1<<32-1, 1<<32-1, 8, 0, 0, nil), "are none", 64 * kilobyte},
		{"interlaced PNG", pngOf(2000, 2000, 16, 6, 1, packed(2000*2000*8+10000)),
			"too much pixel data", 2*32*megabyte + megabyte}, // twice its pixels
		{"PNG", pngOf(2000, 2000, 16, 6, 0, packed(2000*(2000*8+1))), "", 33 * megabyte},
		{"GIF of a small frame", gifOf(11000, 16, 256), "", 400 * kilobyte},
		{"GIF of much data", gifOf(16, 16, 1<<20), "gif: too much image data", 200 * kilobyte},
		{"GIF of little data", gifOf(60000, 60000, 10), "are none, or more", 64 * kilobyte},
		{"BMP of few bytes", []byte(bmpOf(11000, 12000, 32, 0)), "cut off", 64 * kilobyte},
		{"BMP of 2^31 pixels", []byte(bmpOf(-1<<31, -1<<31, 32, 0)), "are none", 64 * kilobyte},
		{"TIFF of much data", tiff(bomb, map[uint16]uint32{256: 64, 257: 64, 258: 8}),
			"holds more than the 4096 bytes of its pixels", 200 * kilobyte},
		{"TIFF of many strips", tiff(nil, map[uint16]uint32{256: 1, 257: 1 << 27, 258: 8, 278: 1}),
			"corrupt: 1 offsets and 1 sizes of 134217728 strips", 64 * kilobyte},
		{"TIFF of large tiles", tiff(nil, map[uint16]uint32{256: 1, 257: 1 << 20, 258: 8,
			322: 1 << 20, 323: 16}), "corrupt", 64 * kilobyte},
		{"TIFF of 2^32 pixels", tiff(nil, map[uint16]uint32{256: 1<<32 - 1, 257: 1<<32 - 1}),
			"are none", 64 * kilobyte},
		{"TIFF of tiles of much data", tiff(bomb, map[uint16]uint32{256: 16, 257: 16, 258: 8,
			322: 16, 323: 16}), "tile 0 at offset 118 holds more than the 256", 200 * kilobyte},
		{"JPEG of no data", []byte("\xff\xd8\xff\xc0" + frame), "invalid JPEG", 13 * megabyte},
		{"progressive JPEG of no data", []byte("\xff\xd8\xff\xc2" + frame), "invalid JPEG",
			60 * megabyte},
		{"WebP of a large canvas", []byte("RIFF\x24\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x10\x00" +
			"\x00\x00\xff\xff\xff\xff\xff\xffVP8L\x06\x00\x00\x00\x2f\x00\x00\x00\x00\x00"),
			"1 x 1 pixels by chunk VP8L at offset 30, 16777216 x 16777216", 64 * kilobyte},
	} {
		var err error
		got := allocated(func() {
			var p *Picture
			if p, err = Decode(c.file, White); err == nil {
				p.Square(8, 3)
			}
		})
		t.Logf("%-27s %4d kB of file, %6d kB allocated: %v", c.name, len(c.file)>>10, got>>10, err)
		if got > c.most {
			t.Errorf("%s: %d bytes allocated, more than %d", c.name, got, c.most)
		}
		if err == nil && c.want != "" || !strings.Contains(errorOf(err), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestPhotographIsNotCopied holds that a photograph at 4:2:0 takes the 1.5 bytes a pixel of its
// planes, and a square little more.
func TestPhotographIsNotCopied(t *testing.T) {
	file := photograph(t, 1600, 1200)
	got := allocated(func() {
		p, err := Decode(file, White)
		if err != nil {
			t.Fatal(err)
		}
		p.Square(64, 3)
	})
	if most := 1600*1200*3/2 + 400_000; got > most {
		t.Errorf("%d bytes allocated, more than %d", got, most)
	}
}
