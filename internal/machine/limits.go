package machine

import (
	"bufio"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
)

// Limits are the limits of Linux's control groups on this process, as in a container or under a
// batch scheduler. 0 is no limit.
type Limits struct {
	Cores      float64 // processor time of that many cores
	Memory     int64   // bytes
	MemoryFree int64   // bytes of it that are not in use; page cache counts as free
}

// ControlGroups reads the limits of this process.
func ControlGroups() Limits { return controlGroups(os.DirFS("/")) }

// controlGroups takes the tightest limits of all groups around the process, in both versions of the
// interface: one machine may use both.
//
// Reference: Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst;
// proc_pid_mountinfo(5).
func controlGroups(root fs.FS) Limits {
	var l Limits
	groups := memberships(root)
	for _, m := range cgroupMounts(root) {
		for controller, group := range groups {
			if !m.controllers[controller] {
				continue
			}
			for folder := m.folder(group); ; folder = path.Dir(folder) {
				l.tighten(groupFolder{root, folder}.limits())
				if folder == m.point {
					break
				}
			}
		}
	}
	return l
}

// tighten takes each limit that is below the one so far.
func (l *Limits) tighten(by Limits) {
	if by.Cores > 0 && (l.Cores == 0 || by.Cores < l.Cores) {
		l.Cores = by.Cores
	}
	if by.Memory == 0 {
		return
	}
	if l.Memory == 0 {
		l.Memory, l.MemoryFree = by.Memory, by.MemoryFree
	}
	l.Memory, l.MemoryFree = min(l.Memory, by.Memory), min(l.MemoryFree, by.MemoryFree)
}

// memberships are the groups of this process by controller; that of version 2, which has all
// controllers, has an empty name.
func memberships(root fs.FS) map[string]string {
	groups := map[string]string{}
	for _, line := range lines(root, "proc/self/cgroup") {
		if fields := strings.SplitN(line, ":", 3); len(fields) == 3 {
			for controller := range strings.SplitSeq(fields[1], ",") {
				groups[controller] = fields[2]
			}
		}
	}
	return groups
}

// cgroupMount is a tree of groups in the file system.
type cgroupMount struct {
	point string // where it is, as package fs names it
	// the group that is there, not the tree's root where a container sees only a part of it
	top         string
	controllers map[string]bool // by name; the empty name for version 2
}

func cgroupMounts(root fs.FS) []cgroupMount {
	var list []cgroupMount
	for _, line := range lines(root, "proc/self/mountinfo") {
		before, after, _ := strings.Cut(line, " - ")
		place, kind := strings.Fields(before), strings.Fields(after)
		if len(place) < 5 || len(kind) < 3 || !strings.HasPrefix(kind[0], "cgroup") {
			continue
		}
		m := cgroupMount{point: path.Clean("./" + place[4]), top: place[3],
			controllers: map[string]bool{}}
		if kind[0] == "cgroup2" {
			m.controllers[""] = true
		} else {
			for option := range strings.SplitSeq(kind[2], ",") {
				m.controllers[option] = true
			}
		}
		list = append(list, m)
	}
	return list
}

// folder is the folder of a group, or of the top if the group is outside.
func (m cgroupMount) folder(group string) string {
	inside, ok := strings.CutPrefix(path.Clean(group), strings.TrimSuffix(m.top, "/"))
	if !ok || inside != "" && inside[0] != '/' || strings.HasPrefix(inside, "/..") {
		return m.point
	}
	return path.Join(m.point, inside)
}

// groupFolder is one group.
type groupFolder struct {
	root   fs.FS
	folder string
}

// limits reads the limits of the group itself, from the files of both versions, of which only one's
// exist.
func (g groupFolder) limits() Limits {
	var l Limits
	if quota, period := g.number("cpu.cfs_quota_us", 0), g.number("cpu.cfs_period_us",
		0); quota > 0 && period > 0 {
		l.Cores = quota / period
	}
	if quota, period := g.number("cpu.max", 0), g.number("cpu.max", 1); quota > 0 && period > 0 {
		l.Cores = quota / period
	}
	const none = 1 << 60 // version 1 writes the largest multiple of a page where there is no limit
	for _, names := range [][2]string{{"memory.limit_in_bytes", "memory.usage_in_bytes"},
		{"memory.max", "memory.current"}} {
		if most := g.number(names[0], 0); most > 0 && most < none {
			used := g.number(names[1], 0) - g.cached()
			l.Memory, l.MemoryFree = int64(most), int64(max(0, most-max(0, used)))
		}
	}
	return l
}

// number reads a field of a one-line file; 0 if it is missing or not a number, such as "max".
func (g groupFolder) number(file string, field int) float64 {
	for _, line := range lines(g.root, path.Join(g.folder, file)) {
		if fields := strings.Fields(line); field < len(fields) {
			return number(fields[field])
		}
	}
	return 0
}

// cached is the page cache that the system can reclaim, in bytes.
func (g groupFolder) cached() float64 {
	sum := 0.
	for _, line := range lines(g.root, path.Join(g.folder, "memory.stat")) {
		name, value, _ := strings.Cut(line, " ")
		// version 1 counts the groups inside under the second name
		if name == "inactive_file" || name == "total_inactive_file" {
			sum = max(sum, number(value))
		}
	}
	return sum
}

// number is 0 for anything but an integer.
func number(text string) float64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return float64(n)
}

// lines are the lines of a file, none if it cannot be read.
func lines(root fs.FS, name string) []string {
	file, err := root.Open(name)
	if err != nil {
		return nil
	}
	defer file.Close()
	var list []string
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		list = append(list, scanner.Text())
	}
	return list
}
