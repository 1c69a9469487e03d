package dataset

import (
	"context"
	"image"
	"image/color"
	"slices"
)

// Limits of a contact sheet.
const (
	sheetCell = 128 // pixels of an image on a side; larger ones are reduced
	SheetRows = 200 // classes; of more, the first are shown
)

// ContactSheet shows the first training images of every class, a row per class, with at most
// columns images, at their native size or reduced to sheetCell.
func ContactSheet(ctx context.Context, src Source, columns int) (image.Image, error) {
	info := src.Info()
	var indices, rows []int
	count := make([]int, min(len(info.Classes), SheetRows))
	for i, label := range src.Labels(Train) {
		if label < len(count) && count[label] < columns {
			indices, rows = append(indices, i), append(rows, label)
			count[label]++
		}
	}
	columns = slices.Max(append(count, 1))
	im, err := src.Load(ctx, Train, indices)
	if err != nil {
		return nil, err
	}
	if im, err = im.Resize(min(im.Size, sheetCell)); err != nil {
		return nil, err
	}
	const gap = 2
	cell := im.Size + gap
	sheet := image.NewRGBA(image.Rect(0, 0, columns*cell+gap, len(count)*cell+gap))
	for i := range sheet.Pix {
		sheet.Pix[i] = 255
	}
	clear(count)
	for i, row := range rows {
		paste(sheet, gap+count[row]*cell, gap+row*cell, im.image(i), im.Size, im.Channels)
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
