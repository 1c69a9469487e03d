package report

import "gridsearch/internal/study"

// Figures is written next.
func Figures(s *study.Study, r Results, folder string) error { return nil }
