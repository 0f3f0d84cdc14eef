//! What to do about an error of Core ML.

/// The domain of Core ML's own errors, whose codes are those of `MLModelError`.
const CORE_ML: &str = "com.apple.CoreML";

/// Words of a message that tell more than the code, which is 0 for most errors.
const MESSAGES: [(&str, &str); 5] = [
    (
        "execution plan",
        "These compute units cannot run the program: the Neural Engine refuses states whose last dimensions are not \
         multiples of 32, and three states or more. `sottovoce check PACKAGE --for ios18-ane` names the operation; --compute-units \
         cpu-and-gpu does without it",
    ),
    (
        "MLState",
        "The package's states and its function do not agree: a state must have the same name and shape in both. `sottovoce \
         inspect` shows them",
    ),
    (
        "memory",
        "The model does not fit into the memory that is left: quantise it (`sottovoce convert --quantize int4`), or close \
         other programs",
    ),
    (
        "specification version",
        "The package needs a newer system: states came with macOS 15 and iOS 18. --backend cpu runs it here",
    ),
    (
        "compute the prediction",
        "These compute units failed while they computed: --compute-units cpu-only shows whether the package is at fault",
    ),
];

/// What a user can do about an error with this domain, code and message.
pub fn advice(domain: &str, code: i64, message: &str) -> &'static str {
    let lower = message.to_lowercase();
    if let Some((_, advice)) = MESSAGES.iter().find(|(words, _)| lower.contains(&words.to_lowercase())) {
        return advice;
    }
    match (domain, code) {
        (CORE_ML, 1) => "An input has another type or shape than the package declares: `sottovoce inspect` shows them",
        (CORE_ML, 3) => {
            "A file of the package or of the compiled model cannot be read: delete the .mlmodelc folder beside the \
                         package, and try again"
        }
        (CORE_ML, 4 | 5) => "Custom layers and models belong to the app that brings them, and are not supported",
        (CORE_ML, 8 | 9) => "Encrypted models are not supported",
        (CORE_ML, 11) => {
            "The system took the prediction back, as it does with apps that go to the background: call again"
        }
        ("NSCocoaErrorDomain", 640) => "The disk is full: the compiled model is as large as the package",
        ("NSCocoaErrorDomain", _) => {
            "The system could not read or write a file: look at the permissions of the package's folder"
        }
        _ => "--backend cpu runs the package without Core ML",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_more_than_codes() {
        let plan = advice(CORE_ML, 0, "Failed to build the model execution plan using a model architecture file");
        assert!(plan.contains("multiples of 32") && plan.contains("cpu-and-gpu"));
        let state = advice(CORE_ML, 0, "The input feature for cache must be an MLState, but it was not.");
        assert!(state.contains("same name"));
        // A known message wins over its code.
        assert_eq!(advice(CORE_ML, 3, "not enough Memory"), advice(CORE_ML, 0, "out of memory"));
    }

    #[test]
    fn codes_say_what_messages_do_not() {
        assert!(advice(CORE_ML, 3, "?").contains(".mlmodelc"));
        assert!(advice("NSCocoaErrorDomain", 640, "?").contains("full"));
        assert!(advice("NSCocoaErrorDomain", 513, "?").contains("permissions"));
        assert!(advice("NSPOSIXErrorDomain", 12, "?").contains("--backend cpu"));
        // Codes of other domains mean other things.
        assert_ne!(advice("NSPOSIXErrorDomain", 3, "?"), advice(CORE_ML, 3, "?"));
    }
}
