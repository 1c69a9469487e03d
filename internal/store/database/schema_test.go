package database

import (
	"errors"
	"strings"
	"testing"
)

// TestSchemaVersions: a schema's number that damage has changed is not believed.
func TestSchemaVersions(t *testing.T) {
	f, path := open(t, 1)
	for version, damaged := range map[string]bool{"-5": true, "0": true, "1": true, "4": true,
		"6": true, "8": false} { // which may be that of a program to come
		if _, err := f.DB.Exec("PRAGMA user_version = " + version); err != nil {
			t.Fatal(err)
		}
		for name, open := range openers {
			var file *FileError
			if _, err := open(path); !errors.As(err, &file) || file.Path != path ||
				!strings.Contains(err.Error(), "version "+version) ||
				strings.Contains(err.Error(), "bring a copy of it back") != damaged {
				t.Errorf("%s, version %s: %v", name, version, err)
			}
		}
	}
}
