package amd64

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// base is the extensions that functions of no set may use: every amd64 processor has them.
var base = Set{VectorBytes: 16, Registers: 16}

// baseInstructions are those of the functions of no set, which are written by hand.
var baseInstructions = []string{"LDMXCSR", "PAUSE", "RET", "STMXCSR"}

// TestAssemblyKeepsToItsSet reads the committed assembly: no function may use a register or an
// instruction that its set does not have, as it would crash on a processor with only that set.
func TestAssemblyKeepsToItsSet(t *testing.T) {
	paths, err := filepath.Glob("*.s")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no assembly: %v", err)
	}
	paths = append(paths, "../thread/thread_amd64.s")
	seen := map[string]bool{}
	for _, path := range paths {
		permitted := instructionLists(t, path)
		for _, f := range functions(t, path) {
			set := setOf(f.name)
			seen[set.Name] = true
			for _, line := range f.lines {
				if fault := set.fault(line, permitted[set.Name]); fault != "" {
					t.Errorf("%s:%d: %s: %s: %s", path, line.number, f.name, line.text, fault)
				}
			}
		}
	}
	for _, set := range append(slices.Clone(Sets), base) {
		if !seen[set.Name] {
			t.Errorf("set %q has no function", set.Name)
		}
	}
}

// TestFaults: what the test above looks for is found.
func TestFaults(t *testing.T) {
	permitted := []string{"VMOVUPS", "VADDPS", "RET", "ADDQ"}
	for _, c := range []struct {
		set, line string
		want      string // "" for no fault
	}{
		{"AVX2", "VMOVUPS (R14), Y15", ""},
		{"AVX2", "ADDQ R15, R8", ""},
		{"AVX2", "VMOVUPS tailsAVX2<>+32(SB), Y1", ""},
		{"AVX2", "VMOVUPS (R14), Y16", "Y16"},
		{"AVX2", "VADDPS X31, X1, X1", "X31"},
		{"AVX2", "VMOVUPS (R14), Z1", "Z1"},
		{"AVX2", "VMOVUPS (R14), K1, Y1", "K1"},
		{"AVX2", "VADDPS.BCST (R14), Y1, Y1", "VADDPS.BCST"},
		{"AVX2", "VPXORD Y1, Y1, Y1", "VPXORD"},
		{"AVX512", "VMOVUPS (R14), K1, Z31", ""},
		{"", "VMOVUPS (R14), Y1", "Y1"},
	} {
		set := base
		if c.set != "" {
			set = setOf("add" + c.set)
		}
		fault := set.fault(line{text: c.line}, permitted)
		if (fault == "") != (c.want == "") || !strings.Contains(fault, c.want) {
			t.Errorf("%q in set %q: fault %q, want %q", c.line, c.set, fault, c.want)
		}
	}
}

type line struct {
	number int
	text   string
}

type function struct {
	name  string
	lines []line // its instructions
}

var (
	header      = regexp.MustCompile(`^TEXT ·(\w+)\(SB\)`)
	instruction = regexp.MustCompile(`^\t[A-Z]`)
	vector      = regexp.MustCompile(`\b([XYZK])(\d+)\b`)
)

func functions(t *testing.T, path string) []function {
	t.Helper()
	var list []function
	for i, text := range strings.Split(read(t, path), "\n") {
		text, _, _ = strings.Cut(text, "//")
		if name := header.FindStringSubmatch(text); name != nil {
			list = append(list, function{name: name[1]})
		} else if instruction.MatchString(text) {
			f := &list[len(list)-1]
			f.lines = append(f.lines, line{i + 1, strings.Join(strings.Fields(text), " ")})
		}
	}
	if len(list) == 0 {
		t.Errorf("%s has no function", path)
	}
	return list
}

// setOf is the set whose name a function's name ends in, base for none.
func setOf(name string) Set {
	for _, set := range Sets {
		if strings.HasSuffix(name, set.Name) {
			return set
		}
	}
	return base
}

// fault reports what in a line the set does not have; it is empty if all is well.
func (s Set) fault(l line, permitted []string) string {
	mnemonic, operands, _ := strings.Cut(l.text, " ")
	if !slices.Contains(permitted, mnemonic) {
		return mnemonic + " is none of its instructions"
	}
	for _, r := range vector.FindAllStringSubmatch(operands, -1) {
		number, _ := strconv.Atoi(r[2])
		bytes := map[string]int{"X": 16, "Y": 32, "Z": 64}[r[1]]
		if r[1] == "K" && !s.Opmasks || r[1] != "K" && (bytes > s.VectorBytes || number >= s.Registers) {
			return r[0] + " is none of its registers"
		}
	}
	return ""
}

// instructionLists reads, for each set, the instructions that the generator has listed next to the
// assembly, and reports those of an extension that the set does not have.
func instructionLists(t *testing.T, path string) map[string][]string {
	t.Helper()
	lists := map[string][]string{base.Name: baseInstructions}
	path = strings.TrimSuffix(path, ".s") + ".txt"
	if _, err := os.Stat(path); os.IsNotExist(err) {
		return lists // written by hand
	}
	for _, text := range strings.Split(read(t, path), "\n") {
		fields := strings.Fields(text)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		set := setOf(fields[0])
		if set.Name != fields[0] {
			t.Errorf("%s: %q: there is no such set", path, text)
		}
		for _, extension := range fields[2:] {
			if !slices.Contains(set.Extensions, extension) &&
				!slices.Contains([]string{"MMX+", "SSE", "SSE2"}, extension) {
				t.Errorf("%s: %q: %s has no %s", path, text, set.Name, extension)
			}
		}
		lists[set.Name] = append(lists[set.Name], fields[1])
	}
	return lists
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
