package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gridsearch/dataset"
	"gridsearch/internal/figure/classmaps"
	"gridsearch/internal/figure/values"
	"gridsearch/internal/nearest"
	"gridsearch/internal/study"
	"gridsearch/internal/terminal"
	"gridsearch/model/weights"
	"gridsearch/plots"
	"gridsearch/plots/glyphs"
)

func newCAM() *cobra.Command {
	var c cam
	var output string
	cmd := &cobra.Command{
		Use:   "cam RUN|FILE [IMAGE...]",
		Short: "Draw where in images trained networks see a class",
		Long: "Cam draws class activation maps (Zhou et al. 2015) as a PNG file: images as rows " +
			"and networks as columns, the first of which shows the images. A map is the last\n" +
			"activations in front of the pooling, weighted as the classifier weights them for a " +
			"class: the one that the network names, or --class. Each has its own scale.\n" +
			"RUN is a run as weights takes it, --beside another one for a column of its own. An " +
			"IMAGE is a file of any format that an image-folder has, whose middle square counts, " +
			"and needs none of\nthe study's data; --example N is image N, from 0, of the validation " +
			"images of the run's study. On standard output is " +
			"what each network has named, with its probability.",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return exactly("a run or a parameter file")(cmd, args)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if output != "" && !strings.EqualFold(filepath.Ext(output), ".png") {
				return usageError{fmt.Errorf("--output %s: its name must end in .png", output)}
			}
			c.beside = append(args[:1:1], c.beside...)
			if err := c.sheet(cmd, args[1:]); err != nil {
				return err
			}
			if output == "" {
				output = outputName(c.variants[0].path, "-cam.png")
			}
			return c.write(cmd, output)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&c.beside, "beside", nil,
		"another run or parameter file; may be given several times")
	flags.IntSliceVar(&c.examples, "example", nil, "number of a validation image, or several: 3,14,15")
	flags.StringVar(&c.study, "study", "", "study whose validation images and names of classes "+
		"are meant (default: the first run's)")
	flags.StringVar(&c.data, "data", "", "folder of the study's data, where it is another by now")
	flags.StringVar(&c.class, "class", "", "name or number of the class to look for (default: "+
		"what each network names)")
	flags.StringVar(&output, "output", "", "file to write (default: the first run's key with "+
		"-cam.png)")
	return cmd
}

// cam is the arguments of a call, and what they refer to.
type cam struct {
	beside   []string // names of all networks, the argument first
	study    string
	data     string
	class    string
	examples []int

	variants []variant
	classes  []string // names; nil where no study tells them
	ground   string   // under transparent pixels of files
	rows     []values.Seen
	squares  [][]*dataset.Images // by network: the images at its size
}

// variant is a network with a column of its own.
type variant struct {
	weights.Network
	path, title string
}

// sheet finds networks and images, and computes each network's map of each image.
func (c *cam) sheet(cmd *cobra.Command, files []string) error {
	if len(files) == 0 && len(c.examples) == 0 {
		return usageError{errors.New("there is no image to look at: name JPEG or PNG files, " +
			"or validation images by --example")}
	}
	for _, name := range c.beside {
		n, path, err := findNetwork(cmd, name)
		if err != nil {
			return err
		}
		c.variants = append(c.variants, variant{n, path, variantTitle(path)})
	}
	c.squares = make([][]*dataset.Images, len(c.variants))
	if err := c.images(cmd, files); err != nil {
		return err
	}
	class, err := c.number()
	if err != nil {
		return err
	}
	return c.look(class)
}

// look computes each network's map of each image.
func (c *cam) look(class int) error {
	for i, v := range c.variants {
		maps, err := v.ClassMaps(c.squares[i], class)
		if err != nil {
			return usageError{fmt.Errorf("%s: %w", v.path, err)}
		}
		for k, m := range maps {
			c.rows[k].Maps = append(c.rows[k].Maps, values.ClassMap{Title: c.name(m.Class),
				Probability: m.Probability, Size: m.Size, Evidence: m.Evidence})
		}
	}
	return nil
}

// maps are the rows with the titles of their columns.
func (c *cam) maps() *values.Maps {
	m := &values.Maps{Rows: c.rows}
	for _, v := range c.variants {
		m.Networks = append(m.Networks, v.title)
	}
	return m
}

// variantTitle is the title of a column: a run's trial with the controls that build it, or a file's
// name.
func variantTitle(path string) string {
	folder, key, ok := runOf(path)
	if !ok {
		return filepath.Base(path)
	}
	s, err := study.Load(folder)
	if err != nil {
		return key
	}
	for _, r := range s.Records {
		if r.Key != key {
			continue
		}
		for _, t := range s.Plan.Trials {
			if control := t.Controls(); t.Name == r.Trial && len(control) > 0 && control[0] != t.Name {
				return fmt.Sprintf("%s\n%s seed=%d", control[0], r.Trial, r.Seed)
			}
		}
		return fmt.Sprintf("%s seed=%d", r.Trial, r.Seed)
	}
	return key
}

// images makes the rows, still without maps: examples first.
func (c *cam) images(cmd *cobra.Command, files []string) error {
	access := newReading("auto", cmd.ErrOrStderr()).access(c.data)
	folder, _, known := runOf(c.variants[0].path)
	var err error
	if c.study != "" {
		if folder, err = findStudy(cmd, c.study); err != nil {
			return err
		}
	} else if !known && len(c.examples) > 0 {
		return usageError{fmt.Errorf("%s is of no study: say by --study whose "+
			"validation images --example means", c.variants[0].path)}
	}
	if known || c.study != "" {
		about, err := aboutStudy(cmd.Context(), access, folder)
		if err != nil {
			return err
		}
		c.classes, c.ground = about.classes, about.data.Ground
	}
	if len(c.examples) > 0 {
		images, err := study.Examples(cmd.Context(), access, folder, c.examples)
		if err != nil {
			return err
		}
		for i, im := range images {
			if err := c.add(fmt.Sprintf("%d: %s", c.examples[i], c.name(im.Label)), im); err != nil {
				return err
			}
		}
	}
	for _, path := range files {
		im, err := dataset.ReadFile(path, c.variants[0].Architecture.InChannels, c.ground)
		if err != nil {
			return usageError{err}
		}
		if err := c.add(dataset.Quote(filepath.Base(path)), im); err != nil {
			return err
		}
	}
	return nil
}

// add makes a row of an image, and the squares that the networks take.
func (c *cam) add(title string, im *dataset.Single) error {
	if err := c.fit(title, im.Side); err != nil {
		return err
	}
	for i, v := range c.variants {
		square, err := im.Square(v.Architecture.Pixels)
		if err != nil {
			return usageError{err}
		}
		c.squares[i] = append(c.squares[i], square)
	}
	square, err := im.Square(min(im.Side, classmaps.MapPixels))
	if err != nil {
		return usageError{err}
	}
	c.rows = append(c.rows, values.Seen{Title: title, Image: shown(square)})
	return nil
}

// fit reports an image that is too small for a network, before memory of a size that a file chose
// is allocated.
func (c *cam) fit(title string, side int) error {
	for _, v := range c.variants {
		if pixels := v.Architecture.Pixels; side < pixels {
			return usageError{fmt.Errorf("%s has %d pixels on a side, %s takes %d: images "+
				"are never enlarged", title, side, v.path, pixels)}
		}
	}
	return nil
}

// shown is an image for people.
func shown(im *dataset.Images) image.Image {
	picture := image.NewRGBA(image.Rect(0, 0, im.Size, im.Size))
	for p := range im.Size * im.Size {
		v := im.Pixels[p*im.Channels:][:im.Channels]
		picture.SetRGBA(p%im.Size, p/im.Size, color.RGBA{v[0], v[im.Channels/2], v[im.Channels-1], 255})
	}
	return picture
}

// number is the class that the flag names, by its name or its number.
func (c *cam) number() (int, error) {
	if c.class == "" {
		return weights.Predicted, nil
	}
	if i := slices.Index(c.classes, c.class); i >= 0 {
		return i, nil
	}
	classes := c.variants[0].Architecture.Classes
	n, err := strconv.Atoi(c.class)
	switch {
	case err == nil && n >= 0 && n < classes:
		return n, nil
	case err == nil || c.classes == nil:
		return 0, usageError{fmt.Errorf("--class %q is no class: they have the numbers 0 to %d",
			c.class, classes-1)}
	}
	return 0, usageError{fmt.Errorf("--class %q is no class: did you mean %q?", c.class,
		nearest.Word(c.class, c.classes))}
}

// name is the name of a class if it is known, otherwise its number.
func (c *cam) name(class int) string {
	if class < len(c.classes) {
		return glyphs.Isolate(dataset.Quote(c.classes[class]))
	}
	return fmt.Sprint("class ", class)
}

// write draws the sheet into a new file and prints the predicted classes.
func (c *cam) write(cmd *cobra.Command, path string) error {
	maps := c.maps()
	shown, err := classmaps.Picture(c.title(), "", *maps)
	if err != nil {
		return err
	}
	figure, err := plots.Draw(shown)
	if err != nil {
		return err
	}
	if why := figure.Warning(); why != "" {
		fmt.Fprintln(cmd.ErrOrStderr(), path+": "+why)
	}
	var picture bytes.Buffer
	if err := figure.Write(&picture, "png"); err != nil {
		return err
	}
	t := terminal.NewTable(cmd.OutOrStdout())
	fmt.Fprint(t, "image")
	for _, title := range maps.Networks {
		fmt.Fprintf(t, "\t%s", oneLine(title))
	}
	for _, r := range c.rows {
		fmt.Fprintf(t, "\n%s", r.Title)
		for _, m := range r.Maps {
			fmt.Fprintf(t, "\t%s  %.0f %%", m.Title, 100*m.Probability)
		}
	}
	fmt.Fprintln(t)
	if err := t.Flush(); err != nil {
		return err
	}
	return writeNew(cmd, path, picture.Bytes())
}

// title says which class is looked for.
func (c *cam) title() string {
	if c.class == "" {
		return "Where in an image a network sees the class that it names"
	}
	if i, err := strconv.Atoi(c.class); err == nil && !slices.Contains(c.classes, c.class) {
		return "Where in an image a network sees " + c.name(i)
	}
	return "Where in an image a network sees " + dataset.Quote(c.class)
}

// oneLine joins the lines of a title.
func oneLine(title string) string {
	return string(bytes.ReplaceAll([]byte(title), []byte("\n"), []byte(": ")))
}
