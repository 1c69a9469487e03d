package watch

import (
	"os"
	"time"

	"gridsearch/internal/study"
)

// mark tells two contents of a file apart without reading it.
type mark struct {
	time time.Time
	size int64
}

// markOf is the zero mark for a file that is not there.
func markOf(path string) mark {
	info, err := os.Stat(path)
	if err != nil {
		return mark{}
	}
	return mark{info.ModTime(), info.Size()}
}

// stamp tells two states of a study's record apart.
type stamp struct{ plan, database, log mark }

func stampOf(folder study.Folder) stamp {
	return stamp{markOf(folder.Path("plan.json")), markOf(folder.Database()),
		markOf(folder.Database() + "-wal")}
}
