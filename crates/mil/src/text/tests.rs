use super::*;
use crate::{
    MilError,
    program::{Value, ValueData},
    validate,
};

/// The text in the form that `print` gives it, with every kind of type, literal and block.
const EVERYTHING: &str = r#"program 1 doc "two\nlines" [buildInfo=dict<string, tuple<int32, fp32>>("a": tuple<int32, fp32>(1, fp32(2.5)))]

func main(%x: fp16[1,?,4], %cache: state<fp16[8,4]>, %any: fp32[*], %rest: int8[2,...]) CoreML8 {
  %axis: int32 = const(-1)
  %w: fp16[8,4] = const(@64)
  %v: uint3[8,4] = const(@192 "@model_path/other.bin")
  %fp8: type40[2] = const(@128)
  %none: int32[0] = const()
  %flags: bool[2] = const(true, false)
  %codes: int4[3] = const(-8, 0, 7)
  %six: uint6[3] = const(0, 63, 33)
  %halves: fp16[5] = const(0.33325195, -0.0, inf, -inf, 0x7e01)
  %brain: bf16[2] = const(1.5, 0xffc1)
  %single: fp32[3] = const(1e-45, 3.4028235e38, 0x7fc00001)
  %double: fp64[2] = const(0.1, 0xfff8000000000001)
  %large: uint64[1] = const(18446744073709551615)
  %text: string = const("say \"\u{1}\" \\ é")
  %many: list<string, ?> = const("a", string[2]("b", "c"))
  %y: fp16[1,?,8] = linear(x=%x, weight=%w) [name="y_1", flag=true, n=2, s=fp32(0.5) doc "half"]
  %z: fp16[1,?,8] = concat(values=(%y, %y), axis=%axis, interleave=false, nothing=())
  %"odd name": fp16[] [layout="x"] = "odd op"("odd argument"=%"odd name") [name=none]
  "return"() [name="written"]
  %other: fp32 = "const"(x=%x) [val=fp16(1.0)]
  write_state(input=%cache, data=%w)
  %a: fp16, %b: fp16 = cond(pred=%flags) block() [note="then"] {
    %inner: fp16 = relu(x=%x)
    return %inner, %inner
  } block(%p: fp16) {
    return %p, %p
  }
  return %z
}

func other(%x: fp16) CoreML7 [kind="extra"] specializations {
  CoreML6 block() {
    return %x
  }
  CoreML7 block(%y: fp16) [k=1] {
    return
  }
}
"#;

#[test]
fn everything_is_printed_as_it_was_read() {
    let program = parse(EVERYTHING).unwrap();
    assert_eq!(print(&program), EVERYTHING);
    let block = program.functions["main"].active_block().unwrap();
    assert_eq!(block.operations[0].attributes["val"], Value::from(-1));
    assert_eq!(block.operations[0].attributes["name"], Value::string("axis"));
    let ValueData::Tensor(codes) = &block.operations[6].attributes["val"].data else { panic!("not a tensor") };
    assert_eq!(codes.to_i64_vec(), [-8, 0, 7]);
    assert!(program.functions["other"].block_specializations.contains_key("CoreML6"));
}

#[test]
fn hand_written_text_needs_little() {
    let program = parse(
        "program 1 // the version
         func main(%x: fp32[2]) CoreML8 {
           %y: fp32[2] = add(x=%x, y=fp32[2](1, 2.0)) return %y }",
    )
    .unwrap();
    validate::program(&program).unwrap();
}

#[test]
fn errors_have_a_place() {
    let fail = |text: &str| match parse(text).unwrap_err() {
        MilError::Text { line, column, reason } => (line, column, reason),
        other => panic!("{other}"),
    };
    let body = |operation: &str| format!("program 1\nfunc main() CoreML8 {{\n  {operation}\n  return\n}}");
    assert_eq!(fail(""), (1, 1, "expected `program`, found the end of the text".to_owned()));
    assert_eq!(fail("program x"), (1, 9, "expected an integer in range, found `x`".to_owned()));
    assert_eq!(fail("program 1 \"é\" ]"), (1, 11, "expected `func`, found \"é\"".to_owned()));
    assert_eq!(fail(&body("%y: fp17 = relu()")), (3, 7, "expected a type, found `fp17`".to_owned()));
    assert_eq!(fail(&body("%y: int4 = const(8)")), (3, 20, "`8` is no int4".to_owned()));
    assert_eq!(fail(&body("%y: uint2 = const(4)")), (3, 21, "`4` is no uint2".to_owned()));
    assert_eq!(fail(&body("%y: fp32 = const(nan)")).2, "`nan` is no fp32");
    assert!(fail(&body("%y: fp32[2] = const(1)")).2.contains("needs 8 bytes, found 4"));
    assert!(fail(&body("%y: fp32[18446744073709551615,3] = const(1)")).2.contains("too large"));
    assert_eq!(fail(&body("%y: fp32 = relu(x=%a, x=%b)")).2, "`x` occurs twice");
    assert_eq!(fail(&body("%y: fp32 = relu() [a=1, a=2]")).2, "`a` occurs twice");
    assert_eq!(fail(&body("relu(x=string(\"a\", \"b\"))")).2, "2 strings do not fill the shape of the literal");
    assert_eq!(fail(&body("relu(x=\"a")).2, "a string that does not end");
    assert!(fail(&body("relu(x=\"\\u{d800}\")")).2.contains("is no character"));
    assert!(fail("program 1 func f() CoreML8 {").2.contains("found the end of the text"));
}

#[test]
fn nesting_is_limited() {
    let deep = format!("program 1 [a={}", "list<".repeat(1_000_000));
    assert!(parse(&deep).unwrap_err().to_string().contains("nested deeper than 100"));
    let blocks = format!("program 1 func f() CoreML8 {{ {}", "cond() block() { ".repeat(1_000_000));
    assert!(parse(&blocks).unwrap_err().to_string().contains("nested deeper than 100"));
}
