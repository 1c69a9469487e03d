package schema

// about is what no rule of the parser says.
type about struct {
	says      string // what the key is, with its unit
	otherwise string // what a missing key is, where no value stands for it
}

// Words that several keys share.
const (
	ofBaseline = "the baseline's"
	ofBlock    = "that of the block's published networks"
)

// words are by path, as experiments.Rules has them. A test holds each to a key of the parser.
var words = map[string]about{
	"schema_version": {"version of the format", ""},

	"study":             {"what the study is called and drawn from", ""},
	"study.name":        {"name of the study and its folder", "the file's, without its ending"},
	"study.description": {"what the study is for, in a line", ""},
	"study.seed":        {"number that all random draws start from", ""},

	"objective":           {"what the search is for", ""},
	"objective.metric":    {"share of the validation images that are classified correctly", ""},
	"objective.direction": {"which end of the metric is better", ""},

	"model":                   {"the network that the search starts from", ""},
	"model.baseline":          {"a published network; needed where there are no stages", ""},
	"model.width_coefficient": {"factor of all channels, before the search", ""},
	"model.depth_coefficient": {"factor of all repeats, before the search", ""},
	"model.resolution":        {"side of the images, in pixels", ofBaseline},
	"model.stem":              {"channels of the first convolution", ofBaseline},
	"model.stem_kernel":       {"side of the first kernel, in pixels; odd", ofBaseline},
	"model.stem_stride":       {"stride of the first convolution, in pixels", ofBaseline},
	"model.stem_pool":         {"whether a max pooling follows the stem", ofBaseline},
	"model.head": {"channels of the 1x1 convolution before pooling, 0 for none",
		ofBaseline},
	"model.activation":          {"of all stages without one of their own", ofBaseline},
	"model.padding":             {"what maps are padded with; same is TensorFlow's", `"symmetric"`},
	"model.strides":             {"one a stage, instead of the stages' own", ""},
	"model.channel_divisor":     {"what scaled channels are rounded to multiples of", ""},
	"model.depth_rounding":      {"how scaled repeats become whole", ""},
	"model.resolution_multiple": {"what scaled pixels are rounded to multiples of, 0 for any", ""},
	"model.dropout": {"share of the features dropped before the classifier, or { from, to, phi }",
		"0; with recipe = \"efficientnet\" it grows with phi (docs/recipe.md)"},
	"model.drop_connect": {"share of the last block's images that skip it in training, " +
		"or { from, to, phi }", ""},
	"model.batch_norm_momentum": {"share of the running statistics that a step keeps",
		"the recipe's, or " + ofBaseline},
	"model.batch_norm_epsilon": {"what is added to the variance",
		"the recipe's, or " + ofBaseline},
	"model.classes": {"classes of a network that is counted without [data]", "1000"},

	"model.stages": {"the network's stages: tables, or rows [expansion, channels, kernel, " +
		"stride, repeats]", ofBaseline},
	"model.stages[]":           {"a stage: blocks of one kind, one after the other", ""},
	"model.stages[].block":     {"kind of its blocks", ""},
	"model.stages[].expansion": {"factor of the channels inside a block", ofBlock},
	"model.stages[].channels":  {"channels that it puts out", ""},
	"model.stages[].kernel":    {"side of the kernel, in pixels; odd", ""},
	"model.stages[].stride":    {"stride of its first block, in pixels", ""},
	"model.stages[].repeats":   {"number of its blocks", ""},
	"model.stages[].layers":    {"another word for repeats", ""},
	"model.stages[].se_ratio": {"squeeze-excite's share of the block's input channels, 0 for none",
		ofBlock},
	"model.stages[].activation": {"of its blocks", "the model's"},

	"search":        {"which coefficients are tried", ""},
	"search.method": {"how points are chosen, one way or several", ""},
	"search.alpha":  {"values of alpha: depth is alpha^phi", ""},
	"search.beta":   {"values of beta: width is beta^phi", ""},
	"search.gamma":  {"values of gamma: resolution is gamma^phi", ""},
	"search.phi": {"compound exponents: one, a list, or { from, to, points, spacing }",
		""},
	"search.phi.from":     {"smallest phi", ""},
	"search.phi.to":       {"largest phi", ""},
	"search.phi.points":   {"number of values, both ends among them", ""},
	"search.phi.spacing":  {"equal steps of phi, or equal factors of the real multiply-adds", ""},
	"search.coefficients": {"alpha, beta, gamma of the method compound and the control paper", ""},
	"search.share_step":   {"step of the method simplex, which divides 1", ""},
	"search.points":       {"points of the method list, each [alpha, beta, gamma]", ""},
	"search.points[]":     {"alpha, beta, gamma", ""},
	"search.controls":     {"points to compare with at the same nominal cost", ""},

	"constraint":             {"what a point must keep to; several hold together", ""},
	"constraint[]":           {"one constraint", ""},
	"constraint[].quantity":  {"alpha beta^2 gamma^2, or a real cost over the base network's", ""},
	"constraint[].target":    {"what the quantity is to be about", ""},
	"constraint[].tolerance": {"how far from the target it may be", ""},
	"constraint[].range": {"smallest and largest quantity, instead of target and tolerance",
		""},

	"data": {"images to train on; a file without them can be planned alone",
		""},
	"data.dataset":        {"which images", ""},
	"data.path":           {"folder of the files", "the data set's usual place"},
	"data.train_examples": {"images to train on, 0 for all that validation leaves", ""},
	"data.validation_fraction": {"share of the training images that are validated on",
		"0.1, or the validation part of a folder that has one"},
	"data.validation_crop": {"share of the side, about the middle, that is validated on; " +
		"0 for all", ""},
	"data.list": {"of image-folder: CSV file in the folder with the columns path, label and perhaps " +
		"split, instead of a folder for each class", ""},
	"data.ground":        {"of image-folder: colour under transparent pixels, like #f0f0f0", ""},
	"data.on_unreadable": {"of image-folder: what happens to files that cannot be read", ""},
	"data.deduplicate": {"of image-folder: leave out copies of training images, and training " +
		"images that the validation part has", ""},
	"data.augmentation":        {"how training images are varied", ""},
	"data.augmentation.shift":  {"largest shift, as a share of the side", ""},
	"data.augmentation.flip":   {"which images are mirrored left to right", ""},
	"data.augmentation.cutout": {"side of a square that is blanked, as a share of the image's", ""},
	"data.augmentation.crop":   {"least share of the area of a random crop, 0 for none", ""},
	"data.augmentation.policy": {"set of operations on colour and shape", ""},
	"data.augmentation.layers": {"of randaugment: operations one after the other", ""},
	"data.augmentation.magnitude": {"of randaugment: strength of an operation, " +
		"or { from, to, phi }", ""},

	"train":            {"how networks are trained", ""},
	"train.recipe":     {"what keys that are left out are (docs/recipe.md)", ""},
	"train.epochs":     {"passes over the training images", ""},
	"train.batch_size": {"images a step", ""},
	"train.optimizer":  {"rule of a step", ""},
	"train.learning_rate": {"highest learning rate; the recipe's is in proportion to the batch, " +
		"adamw's own is 0.001",
		""},
	"train.learning_rate_per_256": {"highest learning rate of 256 images, in proportion",
		"learning_rate"},
	"train.momentum":    {"share of the last step that goes on", ""},
	"train.nesterov":    {"of sgd: look ahead by the momentum", ""},
	"train.rms_decay":   {"of rmsprop: share of the old mean square that is kept", ""},
	"train.rms_epsilon": {"of rmsprop: what is added inside the root", ""},
	"train.beta1":       {"of adamw: share of the old mean gradient that is kept", ""},
	"train.beta2":       {"of adamw: share of the old mean square that is kept", ""},
	"train.epsilon":     {"of adamw: what is added to the root of the mean square", ""},
	"train.schedule":    {"how the learning rate falls after the warm-up", ""},
	"train.warmup": {"share of all steps in which the learning rate rises",
		"the recipe's"},
	"train.warmup_epochs": {"epochs in which the learning rate rises, instead of warmup",
		"the recipe's"},
	"train.decay_rate":   {"of the schedule exponential: factor of one decay", ""},
	"train.decay_epochs": {"of the schedule exponential: epochs between decays", ""},
	"train.weight_decay": {"share of a weight that is added to its gradient; of adamw: that is " +
		"taken off it, times the learning rate; its own is 0.01", ""},
	"train.decay_biases":    {"whether weight decay is of biases too", ""},
	"train.label_smoothing": {"share of the target that is spread over all classes", ""},
	"train.ema": {"decay of the average of weights that is evaluated, 0 for none",
		""},
	"train.clip_norm":          {"largest norm of all gradients together, 0 for no bound", ""},
	"train.zero_init_residual": {"blocks with a skip start as the identity", ""},
	"train.initializer":        {"how weights start", ""},

	"replication":       {"how often each network is trained", ""},
	"replication.seeds": {"trainings of each network", ""},

	"execution":                 {"how runs are executed; changes no result", ""},
	"execution.workers":         {"runs at a time, 0 for one a core", ""},
	"execution.threads_per_run": {"threads of one run", ""},
	"execution.timeout": {"longest time of a run, like \"30m\", or seconds; 0 for none",
		""},
	"execution.silence": {"longest time without a word of a worker that trains, which is " +
		"killed then and the run tried again; 0 for no bound", ""},
	"execution.max_retries": {"tries after a worker's death", ""},
	"execution.on_failure":  {"whether the study goes on when a run has failed", ""},
	"execution.max_consecutive_failures": {"failed runs in a row that end it, 0 for no bound",
		""},
	"execution.keep_weights": {"whether complete runs keep their weights", ""},
	"execution.keep_predictions": {"whether complete runs keep their logits",
		"up to 4 MB a run"},
	"execution.latency": {"whether each trial's inference is timed at the end",
		""},
	"execution.latency_batch": {"images of the batch that is timed beside a single one",
		""},

	"analysis":                     {"what is said of the results", ""},
	"analysis.confidence_level":    {"of the tied set and the intervals", ""},
	"analysis.check":               {"second test beside the tied set", ""},
	"analysis.bootstrap_resamples": {"of earlier files; nothing reads it", ""},

	"report":         {"what a report has", ""},
	"report.figures": {"which figures are drawn", ""},
	"report.formats": {"files of each figure", ""},
	"report.reference": {"data set whose published models params and flops show; auto is the " +
		"study's own", ""},
}

func init() {
	for _, name := range []string{"alpha", "beta", "gamma"} {
		words["search."+name+".low"] = about{"smallest " + name, ""}
		words["search."+name+".high"] = about{"largest " + name, ""}
		words["search."+name+".step"] = about{"step from one " + name + " to the next", ""}
	}
	for _, key := range []string{"model.dropout", "model.drop_connect",
		"data.augmentation.magnitude"} {
		words[key+".from"] = about{"at phi 0", ""}
		words[key+".to"] = about{"at the phi below and beyond it", ""}
		words[key+".phi"] = about{"phi at which the strength is at its end", ""}
	}
}
