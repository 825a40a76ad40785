//! When Argo CD and we refuse an ApplicationSet for the same reason, each in words of its own.

/// Words of Argo CD's, and ours for the same.
const REASONS: &[(&str, &str)] = &[
    ("found less than two generators, Matrix", "a matrix needs two generators"),
    ("found more than two generators, Matrix", "a matrix needs two generators"),
    ("found more than one generator in matrix.Generators", "more than one generator"),
    ("found less than two generators, Merge", "a merge needs two generators"),
    ("found more than one generator in merge.Generators", "more than one generator"),
    ("child generator generated no parameters", "a child generator generated no parameters"),
    ("child generator generated no parameters", "nested more deeply"),
    ("name part must consist of", "cannot be a label's key"),
    ("a valid label must be", "cannot be a label's value"),
    ("no merge keys were specified", "a merge needs merge keys"),
    ("the parameters from a generator were not unique by the given mergeKeys", "do not tell the parameters apart"),
    ("found duplicate key", "different values for"),
    ("error getting project", "names no project"),
    ("is not a valid pod selector operator", "is not a valid label selector operator"),
    ("for 'in', 'notin' operators, values set can't be empty", "needs values"),
    ("values set must be empty for exists and does not exist", "takes no values"),
    ("ApplicationSet is empty", "neither directories nor files"),
    ("unable to parse file", "is no YAML"),
    ("unable to parse file", "neither an object nor a list"),
    ("error parsing params from", "neither an object nor a list"),
    ("error unmarshling decoded ElementsYaml", "`elementsYaml`"),
    ("error unmarshalling", "must be an object"),
    ("error parsing value as string", "must be a string without goTemplate"),
    ("error parsing values map", "`values` must be an object"),
    ("invalid template", "invalid template"),
    ("error while parsing template", "invalid template"),
    ("unable to read files", "is no file"),
    ("error replacing values in templatePatch", "invalid template"),
    ("error while converting template to json", "the templatePatch is no YAML"),
    ("error while unmarhsalling strategic patch", "the templatePatch does not fit"),
    ("error while applying", "the templatePatch does not fit"),
    ("invalid templatePatch", "the templatePatch does not fit"),
    ("unable to find api field", "the templatePatch does not fit"),
    ("cannot unmarshal", "must be"),
];

/// Whether both name the same reason.
pub fn same_reason(ours: &str, theirs: &str) -> bool {
    // The newer Argo CD gives its templates a name.
    let theirs = theirs.replace("template: :", "template: base:").replace("executing \"\"", "executing \"base\"");
    theirs.contains(ours) || REASONS.iter().any(|(their, our)| theirs.contains(their) && ours.contains(our))
}
