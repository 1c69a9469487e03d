package machine

import (
	"testing"
	"testing/fstest"
)

// TestControlGroups uses file systems as Linux shows them: the tightest limit of a group and of its
// ancestors counts.
func TestControlGroups(t *testing.T) {
	const both = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n" +
		"32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct\n35 31 0:32 " +
		"/ /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n"
	const two = "30 23 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  Limits
	}{
		"another system": {nil, Limits{}},
		"version 2 without limits": {map[string]string{
			"proc/self/cgroup": "0::/user\n", "proc/self/mountinfo": two,
			"sys/fs/cgroup/user/cpu.max": "max 100000\n", "sys/fs/cgroup/user/memory.max": "max\n",
			"sys/fs/cgroup/user/memory.current": "5000\n",
		}, Limits{}},
		"version 2, a container's own root": {map[string]string{
			"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": two,
			"sys/fs/cgroup/cpu.max": "150000 100000\n", "sys/fs/cgroup/memory.max": "4000\n",
			"sys/fs/cgroup/memory.current": "3000\n",
			"sys/fs/cgroup/memory.stat":    "anon 1800\ninactive_file 1000\nactive_file 200\n",
		}, Limits{1.5, 4000, 2000}},
		"version 2, limits above": {map[string]string{
			"proc/self/cgroup": "0::/job/step\n", "proc/self/mountinfo": two,
			"sys/fs/cgroup/job/step/cpu.max":    "400000 100000\n",
			"sys/fs/cgroup/job/cpu.max":         "200000 100000\n",
			"sys/fs/cgroup/job/step/memory.max": "9000\n", "sys/fs/cgroup/job/step/memory.current": "1000\n",
			"sys/fs/cgroup/job/memory.max": "10000\n", "sys/fs/cgroup/job/memory.current": "9500\n",
		}, Limits{2, 9000, 500}},
		"version 1": {map[string]string{
			"proc/self/cgroup":                               "5:memory:/box\n4:cpu,cpuacct:/box\n1:name=systemd:/box\n0::/\n",
			"proc/self/mountinfo":                            both,
			"sys/fs/cgroup/cpu/box/cpu.cfs_quota_us":         "50000\n",
			"sys/fs/cgroup/cpu/box/cpu.cfs_period_us":        "100000\n",
			"sys/fs/cgroup/memory/box/memory.limit_in_bytes": "8000\n",
			"sys/fs/cgroup/memory/box/memory.usage_in_bytes": "9000\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":     "9223372036854771712\n",
		}, Limits{.5, 8000, 0}},
		"version 1 without limits": {map[string]string{
			"proc/self/cgroup": "4:cpu,cpuacct:/\n5:memory:/\n", "proc/self/mountinfo": both,
			"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, Limits{}},
		"version 1, a container that sees its part of the tree": {map[string]string{
			"proc/self/cgroup": "5:memory:/docker/1f\n",
			"proc/self/mountinfo": "35 31 0:32 /docker/1f " +
				"/sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "7000\n",
			"sys/fs/cgroup/memory/memory.usage_in_bytes": "1000\n",
			"sys/fs/cgroup/memory/memory.stat":           "total_inactive_file 500\n",
		}, Limits{0, 7000, 6500}},
		"a group outside the part that is seen": {map[string]string{
			"proc/self/cgroup": "0::/../other\n", "proc/self/mountinfo": two,
			"sys/fs/cgroup/memory.max": "6000\n",
		}, Limits{0, 6000, 6000}},
	} {
		root := fstest.MapFS{}
		for path, text := range c.files {
			root[path] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := controlGroups(root); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

// FuzzControlGroups: no text of the system makes the reader fail, and limits are never below 0.
func FuzzControlGroups(f *testing.F) {
	f.Add("0::/a\n", "30 23 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "1 2\n")
	f.Add("5:memory:/a/..\n", "35 31 0:32 /a /sys/fs/cgroup rw - cgroup cgroup rw,memory\n", "-1\n")
	f.Fuzz(func(t *testing.T, groups, mounts, value string) {
		root := fstest.MapFS{"proc/self/cgroup": {Data: []byte(groups)},
			"proc/self/mountinfo": {Data: []byte(mounts)}}
		for _, name := range []string{"cpu.max", "memory.max", "memory.current", "memory.stat",
			"memory.limit_in_bytes"} {
			root["sys/fs/cgroup/"+name], root["sys/fs/cgroup/a/"+
				name] = &fstest.MapFile{Data: []byte(value)}, &fstest.MapFile{Data: []byte(value)}
		}
		if l := controlGroups(root); l.Cores < 0 || l.Memory < 0 || l.MemoryFree < 0 ||
			l.MemoryFree > l.Memory {
			t.Errorf("got %+v", l)
		}
	})
}
