package decide

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
)

// Digest identifies what a decision has read, for the record: the SHA-256 of the study as JSON, in
// hex digits. Keys are in a fixed order, runs in the plan's; nothing depends on when a run ended. A
// score is the shortest decimal that reads back as the same float64, or NaN.
func (s Study) Digest() string {
	type run struct {
		Trial     string `json:"trial"`
		Seed      int    `json:"seed"`
		Stream    string `json:"stream"`
		Condition string `json:"condition"`
		State     string `json:"state"`
		Score     string `json:"score"`
	}
	read := struct {
		Stage    string `json:"stage"`
		Maximise bool   `json:"maximise"`
		Runs     []run  `json:"runs"`
	}{s.Stage, s.Maximise, make([]run, len(s.Runs))}
	for i, k := range s.Runs {
		read.Runs[i] = run{k.Run.Trial, k.Run.Seed, k.Run.Stream, k.Run.Condition, k.State.String(),
			strconv.FormatFloat(k.Score, 'g', -1, 64)}
	}
	text, err := json.Marshal(read)
	if err != nil {
		panic(err) // strings and numbers are always written
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
