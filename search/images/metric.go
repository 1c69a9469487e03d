package images

// Metric is a score of a run that is computed from its predictions.
type Metric struct {
	Name  string
	Lower bool // values are better the lower they are
	Share bool // of the images, 0..1: printed in percent
	Score func(Predictions) float64
}

// Metrics lists all metrics.
var Metrics = []Metric{
	{"top1", false, true, func(p Predictions) float64 { return p.TopK(1) }},
	{"top5", false, true, func(p Predictions) float64 { return p.TopK(5) }},
	{"loss", true, false, Predictions.LogLoss},
	{"brier", true, false, Predictions.Brier},
	{"ece", true, false, Predictions.ECE},
}

// MetricNames are the names of Metrics.
func MetricNames() []string {
	var names []string
	for _, m := range Metrics {
		names = append(names, m.Name)
	}
	return names
}

// FindMetric finds a metric by its name.
func FindMetric(name string) (m Metric, ok bool) {
	for _, m := range Metrics {
		if m.Name == name {
			return m, true
		}
	}
	return Metric{}, false
}

// Better reports whether one value of the metric is better than another.
func (m Metric) Better(a, b float64) bool {
	if m.Lower {
		return a < b
	}
	return a > b
}
