package serve

import (
	"bytes"
	"embed"
	"hash/fnv"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"gridsearch/internal/serve/events"
	"gridsearch/internal/serve/watch"
)

//go:embed assets
var assets embed.FS

var templates = template.Must(template.New("").Funcs(functions).ParseFS(assets, "assets/*.html"))

// studyPath is the address of a study's page.
func studyPath(name string) string { return "/study/" + url.PathEscape(name) + "/" }

// page is the page of a study, with its fragments as last rendered.
type page struct {
	study *watch.Study[findings]

	mutex        sync.Mutex
	words, reads int // of the state that is rendered
	rendered     []events.Fragment
}

// Fragments of a study's page: those that follow the coordinator's words, and those that follow the
// record.
var (
	spoken   = []string{"state", "progress", "running"}
	recorded = []string{"best", "figures", "trials", "workers", "failures", "warnings", "decisions",
		"about"}
)

// view is what the templates of a study's page are given.
type view struct {
	watch.State[findings]
	Name   string // in addresses
	Resume string // the command that goes on
	Table  string // the command that prints the results
	Now    time.Time
}

// document is what a whole page is given.
type document struct {
	Title  string
	Name   string
	Single bool // there is no page of all studies
	Parts  map[string]events.Fragment
}

// fragments renders what has changed of a study's page since it was last rendered.
func (s *Server) fragments(p *page, name string) ([]events.Fragment, <-chan struct{}, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	state, changed := p.study.State()
	if p.rendered != nil && p.words == state.Words && p.reads == state.Reads {
		return p.rendered, changed, nil
	}
	v := view{state, name, s.o.Command("run", p.study.Folder),
		s.o.Command("results", p.study.Folder), time.Now()}
	var list []events.Fragment
	for i, id := range slices.Concat(spoken, recorded) {
		if i >= len(spoken) && p.rendered != nil && p.reads == state.Reads {
			list = append(list, p.rendered[i])
			continue
		}
		f, err := render(id, v)
		if err != nil {
			return nil, changed, err
		}
		list = append(list, f)
	}
	p.rendered, p.words, p.reads = list, state.Words, state.Reads
	return list, changed, nil
}

// render executes the template of a fragment.
func render(id string, data any) (events.Fragment, error) {
	var text bytes.Buffer
	if err := templates.ExecuteTemplate(&text, id, data); err != nil {
		return events.Fragment{}, err
	}
	sum := fnv.New64a()
	sum.Write(text.Bytes())
	return events.Fragment{ID: id, Version: strconv.FormatUint(sum.Sum64(), 36),
		HTML: template.HTML(text.String())}, nil
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", s.first)
	mux.HandleFunc("/events", s.folderEvents)
	mux.HandleFunc("/study/{name}/{$}", s.study)
	mux.HandleFunc("/study/{name}/events", s.studyEvents)
	mux.HandleFunc("/study/{name}/figure/{figure}", s.figure)
	mux.HandleFunc("/page.css", asset("page.css", "text/css; charset=utf-8"))
	mux.HandleFunc("/page.js", asset("page.js", "text/javascript; charset=utf-8"))
	mux.HandleFunc("/icon.svg", asset("icon.svg", "image/svg+xml"))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.missing(w) })
	return mux
}

func asset(name, kind string) http.HandlerFunc {
	text, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(text)
	}
}

// known finds a study by the name in an address, which is compared and never joined to a path.
func (s *Server) known(r *http.Request) (*page, string, bool) {
	name := r.PathValue("name")
	folders, err := s.source.folders()
	folder, ok := folders[name]
	if err != nil || !ok {
		return nil, name, false
	}
	return s.page(folder), name, true
}

func (s *Server) missing(w http.ResponseWriter) {
	s.write(w, http.StatusNotFound, "missing", document{Title: "Not here", Single: s.source.Dir == ""})
}

// write renders a whole page. A template that fails is an error without half a page in front.
func (s *Server) write(w http.ResponseWriter, code int, name string, data any) {
	var text bytes.Buffer
	if err := templates.ExecuteTemplate(&text, name, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(text.Bytes())
}

// first is the page of all studies; of one study alone, the way to it.
func (s *Server) first(w http.ResponseWriter, r *http.Request) {
	if s.source.Dir == "" {
		folders, err := s.source.folders()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		for name := range folders {
			http.Redirect(w, r, studyPath(name), http.StatusFound)
		}
		return
	}
	f, err := s.list()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	s.write(w, http.StatusOK, "folder", document{Title: "Studies", Parts: map[string]events.Fragment{f.ID: f}})
}

// row is a study in the list of all.
type row struct {
	watch.State[findings]
	Name string
	Path string
}

// list renders the list of all studies.
func (s *Server) list() (events.Fragment, error) {
	folders, err := s.source.folders()
	var rows []row
	for name, folder := range folders {
		rows = append(rows, row{s.page(folder).study.Look(false), name, studyPath(name)})
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.Name, b.Name) })
	return render("studies", struct {
		Dir  string
		Err  error
		Rows []row
	}{s.source.Dir, err, rows})
}

// firstLook is how long a page waits for the comparison of trials: it comes later otherwise.
const firstLook = time.Second

// look looks at a study for a page that is asked for: it returns once it is known what is in the
// folder, and waits a little for the comparison. It reports false where nobody waits any more.
func (s *Server) look(r *http.Request, p *page) bool {
	looked := make(chan struct{})
	go func() {
		defer close(looked)
		p.study.Look(true)
	}()
	compared := time.After(s.patience)
	for {
		state, changed := p.study.State()
		known := compared
		if state.Reads == 0 {
			known = nil
		}
		select {
		case <-looked:
			return true
		case <-known:
			return true
		case <-changed:
		case <-r.Context().Done():
			return false
		}
	}
}

func (s *Server) study(w http.ResponseWriter, r *http.Request) {
	p, name, ok := s.known(r)
	if !ok {
		s.missing(w)
		return
	}
	if !s.look(r, p) {
		return
	}
	list, _, err := s.fragments(p, name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	state, _ := p.study.State()
	d := document{Title: state.Study, Name: name, Single: s.source.Dir == "",
		Parts: map[string]events.Fragment{}}
	for _, f := range list {
		d.Parts[f.ID] = f
	}
	s.write(w, http.StatusOK, "study", d)
}

// figure is a picture as last drawn.
func (s *Server) figure(w http.ResponseWriter, r *http.Request) {
	p, _, ok := s.known(r)
	if !ok {
		s.missing(w)
		return
	}
	state, _ := p.study.State()
	for _, picture := range state.Results.Pictures {
		if picture.Name+".svg" == r.PathValue("figure") {
			h := w.Header()
			h.Set("Content-Type", "image/svg+xml")
			if r.URL.Query().Get("v") == tag(picture) {
				h.Set("Cache-Control", "private, max-age=600, immutable")
			}
			h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
			_, _ = w.Write(picture.SVG)
			return
		}
	}
	s.missing(w)
}
