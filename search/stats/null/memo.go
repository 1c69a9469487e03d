package null

import "sync"

// memo caches the values of a slow function.
type memo[K comparable, V any] struct {
	mutex  sync.Mutex
	values map[K]V
}

func (m *memo[K, V]) get(key K, compute func() V) V {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	v, ok := m.values[key]
	if !ok {
		v = compute()
		m.values[key] = v
	}
	return v
}
