//! What the fuzz targets share: how an input is cut into parts, small limits, a thread with the product's stack, and a
//! watch on memory, which is how a budget that does not hold shows.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use schemaward::budget::{Budget, Limits};
use schemaward::discover::Repository;
use schemaward::gotmpl::{Functions, MissingKey, Options, STACK, TemplateSet, Value};
use schemaward::render::kustomize;
use schemaward::source::{FileId, RepoPath};

/// What stands between two parts of an input.
pub const CUT: &str = "\n%%\n";

/// The limits of one input: the product's, made small enough for many inputs a second.
pub const LIMITS: Limits = Limits { steps: 200_000, bytes: 1 << 20, items: 50_000, depth: 200 };

/// Bytes that one input may hold at a time. What a budget lets pass is the texts, their runs and origins, and values.
const MEMORY: usize = 256 << 20;

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn grown(by: usize) {
    let now = NOW.fetch_add(by, Relaxed) + by;
    PEAK.fetch_max(now, Relaxed);
}

// SAFETY: all is the system's; the counters do not touch the memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        grown(size);
        NOW.fetch_sub(layout.size(), Relaxed);
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static MEMORY_USED: Counting = Counting;

/// A fresh account with [`LIMITS`].
pub fn budget() -> Budget {
    Budget::new(LIMITS)
}

/// Lets panics pass that the product catches and means.
fn meant() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let abort = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !schemaward::yaml::gives_up_on_words() {
                abort(info);
            }
        }));
    });
}

/// Runs the work of one input where the product would run it, and watches its memory.
pub fn on_a_stack(work: impl FnOnce() + Send) {
    meant();
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).expect("a thread");
        thread.join().expect("no panic");
    });
    let used = PEAK.load(Relaxed).saturating_sub(before);
    assert!(used <= MEMORY, "the budget does not hold: {used} bytes at a time");
}

/// The first byte as a choice, and the rest as `N` parts of text; parts that are not there are empty.
pub fn parts<const N: usize>(data: &[u8]) -> Option<(u8, [String; N])> {
    let (choice, rest) = data.split_first()?;
    let text = String::from_utf8_lossy(rest);
    let mut given = text.splitn(N, CUT);
    Some((*choice, std::array::from_fn(|_| given.next().unwrap_or_default().to_owned())))
}

/// A family of functions, with the options under which it is used.
pub fn family(choice: u8) -> (Functions, Options) {
    let functions =
        [Functions::Helm3, Functions::Helm4, Functions::Sprig, Functions::ArgoCd, Functions::Bare][choice as usize % 5];
    let helm = matches!(functions, Functions::Helm3 | Functions::Helm4);
    let missing_key = match (choice / 5) % 3 {
        _ if helm => MissingKey::Zero,
        0 => MissingKey::Invalid,
        1 => MissingKey::Zero,
        _ => MissingKey::Error,
    };
    (functions, Options { missing_key, blank_no_value: helm, ..Options::default() })
}

/// Reads a template and, if it can be read, runs it over the values; checks what must hold of any answer.
pub fn run(functions: Functions, options: Options, text: &str, values: &str) -> Option<String> {
    let budget = budget();
    let parsed = schemaward::yaml::parse(FileId(1), values, &budget);
    let mut set = TemplateSet::new(functions, options);
    let read = set.add("t", text, FileId(0), &budget);
    if let Err(error) = read {
        error_is_sound(&error, text);
        return None;
    }
    let render = set.render(&budget);
    let dot = parsed.documents.first().map_or_else(|| Value::map([]), |document| render.value(&document.root));
    match render.execute("t", &dot) {
        Err(error) => {
            error_is_sound(&error, text);
            None
        }
        Ok(output) => {
            let runs: usize = output.runs.iter().map(|run| run.len as usize).sum();
            assert_eq!(runs, output.text.len(), "the runs' lengths do not add up to the text's");
            assert!(output.text.len() as u64 <= LIMITS.bytes, "more text than the budget has");
            if !output.text.is_empty() {
                assert!(output.origin_at(0..output.text.len()).is_some(), "a text that nobody wrote");
            }
            let mut tree = schemaward::yaml::parse(FileId(2), &output.text, &budget);
            for document in &mut tree.documents {
                output.trace(&mut document.root, FileId(2), 0);
            }
            Some(output.text)
        }
    }
}

/// An error's place lies in the text, between characters, and its words can be had in every form.
pub fn error_is_sound(error: &schemaward::gotmpl::Error, text: &str) {
    if let Some(span) = error.span().filter(|span| span.file == FileId(0)) {
        assert!(text.get(span.start as usize..span.end as usize).is_some(), "an error outside the text");
    }
    assert!(!error.text().is_empty() && !error.helm_text(3).is_empty() && !error.helm_text(4).is_empty());
}

/// Builds a kustomization of the folder `o`, twice, and checks what must hold of any answer.
pub fn kustomize(texts: &[(&str, &str)]) -> Option<Vec<serde_json::Value>> {
    let once = build(texts);
    assert_eq!(once, build(texts), "one kustomization gives two answers");
    once.ok()
}

fn build(texts: &[(&str, &str)]) -> Result<Vec<serde_json::Value>, String> {
    let repository = Repository::from_texts(texts.to_vec());
    let folder = RepoPath::new("o").expect("a path");
    match kustomize::build(&repository, &folder, &kustomize::Options::default(), &budget()) {
        Ok(built) => {
            for object in &built.objects {
                assert!(!object.kind().is_empty(), "an object without a kind");
            }
            Ok(built.objects.iter().map(|object| object.node.to_json()).collect())
        }
        Err(error) => {
            assert!(!error.message.is_empty(), "refused without a reason");
            Err(error.message)
        }
    }
}
