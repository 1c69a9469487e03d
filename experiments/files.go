package experiments

import "embed"

// Files are the ready experiment files.
//
//go:embed *.toml
var Files embed.FS
