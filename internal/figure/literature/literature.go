// Package literature knows accuracies and costs of models in the literature, which figures show
// beside a study's own. The file models.csv has them, each with its source.
//
// References:
//
//	[effnet] M. Tan, Q. Le, EfficientNet, 2019: Tables 2 and 5.
package literature

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gridsearch/internal/figure/values"
)

//go:embed models.csv
var text []byte

// sets are the data sets in the order of the file.
var sets = func() []values.Reference {
	list, err := parse(text)
	if err != nil {
		panic(fmt.Sprintf("models.csv: %v", err)) // embedded and tested: impossible
	}
	return list
}()

// others are names by which the data sets are known too.
var others = map[string]string{"imagenet-1k": "imagenet", "imagenet1k": "imagenet",
	"ilsvrc2012": "imagenet", "ilsvrc-2012": "imagenet", "cifar10": "cifar-10",
	"cifar100": "cifar-100", "flowers-102": "flowers", "food101": "food-101",
	"oxford-pets": "oxford-iiit-pets"}

// What Names has beside data sets.
const (
	Automatic = "auto" // the data set that a study has itself
	None      = "none"
)

// Names are what a reader can be asked which models to show: those for the study's own data set, none,
// or those for another data set.
func Names() []string {
	names := []string{Automatic, None}
	for _, s := range sets {
		names = append(names, s.Data)
	}
	return names
}

// For is the models that are published for a data set, in the order of the file; nil where there
// are none. The case of its name does not count.
func For(data string) *values.Reference {
	name := strings.ToLower(data)
	if other, ok := others[name]; ok {
		name = other
	}
	i := slices.IndexFunc(sets, func(s values.Reference) bool { return s.Data == name })
	if i < 0 {
		return nil
	}
	found := sets[i]
	found.Models = slices.Clone(found.Models)
	return &found
}

// titles are the names of data sets as they are written.
var titles = map[string]string{"imagenet": "ImageNet", "cifar-10": "CIFAR-10",
	"cifar-100": "CIFAR-100", "birdsnap": "Birdsnap", "stanford-cars": "Stanford Cars",
	"flowers": "Flowers", "fgvc-aircraft": "FGVC Aircraft", "oxford-iiit-pets": "Oxford-IIIT Pets",
	"food-101": "Food-101"}

// sources are what the column source means, and whether models were trained on other data first.
var sources = map[string]struct {
	text  string
	tuned bool
}{
	"T2": {"Tan and Le 2019, Table 2", false},
	"T5": {"Tan and Le 2019, Table 5", true},
}

// parse reads the file.
func parse(text []byte) (list []values.Reference, err error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	for _, row := range rows[1:] {
		source, known := sources[row[7]]
		if !known {
			return nil, fmt.Errorf("%s has the source %q, which is not explained", row[1], row[7])
		}
		m := values.Published{Name: row[1], Family: row[2]}
		for i, to := range []struct {
			number *float64
			unit   float64
		}{{&m.Top1, .01}, {&m.Top5, .01}, {&m.Params, 1e6}, {&m.MAdds, 1e9}} {
			if cell := row[3+i]; cell != "" {
				v, err := strconv.ParseFloat(cell, 64)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", m.Name, err)
				}
				*to.number = v * to.unit
			}
		}
		if len(list) == 0 || list[len(list)-1].Data != row[0] {
			list = append(list, values.Reference{Data: row[0], Title: titles[row[0]],
				Source: source.text, Tuned: source.tuned})
		}
		last := &list[len(list)-1]
		last.Models = append(last.Models, m)
	}
	return list, nil
}
