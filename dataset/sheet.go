package dataset

import (
	"image"
	"image/color"
	"slices"
)

// ContactSheet shows the first training images of every class at their native size, a row per
// class, with at most columns images.
func ContactSheet(src Source, columns int) (image.Image, error) {
	info := src.Info()
	var indices, rows []int
	count := make([]int, len(info.Classes))
	for i, label := range src.Labels(Train) {
		if count[label] < columns {
			indices, rows = append(indices, i), append(rows, label)
			count[label]++
		}
	}
	columns = slices.Max(append(count, 1))
	im, err := src.Load(Train, indices)
	if err != nil {
		return nil, err
	}
	const gap = 2
	cell := info.Native + gap
	sheet := image.NewRGBA(image.Rect(0, 0, columns*cell+gap, len(info.Classes)*cell+gap))
	for i := range sheet.Pix {
		sheet.Pix[i] = 255
	}
	clear(count)
	for i, row := range rows {
		paste(sheet, gap+count[row]*cell, gap+row*cell, im.image(i), info.Native, info.Channels)
		count[row]++
	}
	return sheet, nil
}

func paste(sheet *image.RGBA, left, top int, pixels []uint8, size, channels int) {
	for p := range size * size {
		v := pixels[p*channels:][:channels]
		sheet.SetRGBA(left+p%size, top+p/size, color.RGBA{v[0], v[channels/2], v[channels-1], 255})
	}
}
