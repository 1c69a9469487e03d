package fetch

import "gridsearch/dataset/records"

// Set is a data set as its authors publish it.
type Set struct {
	Name    string // as Open knows it
	Base    string // address that the names of its files are appended to
	Licence string // what its authors allow and ask for
	Files   []File
}

// File is a published file.
type File struct {
	Name    string // the last part of its address
	Bytes   int64
	MD5     string   // of these bytes, in hexadecimal digits
	SHA256  string   // of these bytes too; empty where it is not known
	Archive bool     // a .tar.gz whose members are kept, or else a .gz that is kept as it is
	Members []Member // what is read of it; of a .gz the one file that it compresses
}

// Member is what a published file holds compressed.
type Member struct {
	Name   string
	Bytes  int64  // uncompressed; 0 for a short text of unknown length, mostBytes at most
	SHA256 string // of the uncompressed bytes; empty where it is not known
}

// mostBytes is the most that a member of unknown length may have.
const mostBytes = 1 << 14

// limit is how many bytes a member may have.
func (m Member) limit() int64 {
	if m.Bytes == 0 {
		return mostBytes
	}
	return m.Bytes
}

const (
	cifarImages = 10_000 // of a file of CIFAR-10, and of CIFAR-100's test file
	cifarBytes  = 32 * 32 * 3
)

// Published are the data sets that can be fetched.
var Published = []Set{
	{Name: "fashion-mnist", Base: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
		Licence: "MIT licence, (c) Zalando SE", Files: []File{
			fashion("train-images-idx3-ubyte", 26_421_880, 16+60_000*28*28,
				"8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
			fashion("train-labels-idx1-ubyte", 29_515, 8+60_000,
				"25c81989df183df01b3e8a0aad5dffbe"),
			fashion("t10k-images-idx3-ubyte", 4_422_102, 16+10_000*28*28,
				"bef4ecab320f06d8554ea6380940ec79"),
			fashion("t10k-labels-idx1-ubyte", 5_148, 8+10_000,
				"bb300cfdad3c16e7a12a480ee83cd310"),
		}},
	{Name: "cifar-10", Base: cifarBase, Licence: cifarLicence, Files: []File{
		{Name: "cifar-10-binary.tar.gz", Bytes: 170_052_171, Archive: true,
			MD5:    "c32a1d4ab5d03f1284b67883e8d87530",
			SHA256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
			Members: []Member{
				cifar10("data_batch_1.bin",
					"cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
				cifar10("data_batch_2.bin",
					"a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
				cifar10("data_batch_3.bin",
					"bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
				cifar10("data_batch_4.bin",
					"014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
				cifar10("data_batch_5.bin",
					"755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
				cifar10("test_batch.bin",
					"8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"),
				{Name: "batches.meta.txt"},
			}}}},
	{Name: "cifar-100", Base: cifarBase, Licence: cifarLicence, Files: []File{
		{Name: "cifar-100-binary.tar.gz", Bytes: 168_513_733, Archive: true,
			MD5:    "03b5dce01913d631647c71ecec9e9cb8",
			SHA256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
			Members: []Member{
				{Name: "train.bin", Bytes: 5 * cifarImages * (2 + cifarBytes),
					SHA256: "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29"},
				{Name: "test.bin", Bytes: cifarImages * (2 + cifarBytes),
					SHA256: "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a"},
				{Name: "fine_label_names.txt"},
			}}}},
}

const (
	cifarBase    = "https://www.cs.toronto.edu/~kriz/"
	cifarLicence = "its author states no licence and asks to be cited: A. Krizhevsky, Learning " +
		"Multiple Layers of Features from Tiny Images, 2009"
)

func fashion(name string, bytes, uncompressed int64, md5 string) File {
	return File{Name: name + ".gz", Bytes: bytes, MD5: md5,
		Members: []Member{{Name: name, Bytes: uncompressed, SHA256: records.FashionSums[name]}}}
}

func cifar10(name, sum string) Member {
	return Member{Name: name, Bytes: cifarImages * (1 + cifarBytes), SHA256: sum}
}

// Named is the published data set of that name.
func Named(name string) (set Set, ok bool) {
	for _, set := range Published {
		if set.Name == name {
			return set, true
		}
	}
	return Set{}, false
}

// Names lists the data sets that can be fetched.
func Names() (names []string) {
	for _, set := range Published {
		names = append(names, set.Name)
	}
	return names
}
